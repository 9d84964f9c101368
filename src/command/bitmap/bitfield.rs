//! BITFIELD: reads, sets and increases integers of any width at any place of a string, several in one call.

use super::bits;
use super::fields::{self, Action, Call};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// BITFIELD.
pub static SPEC: Spec = Spec {
    name: "bitfield",
    summary: "Reads and changes integers of any width inside a string.",
    since: "3.2.0",
    group: Group::Bitmap,
    complexity: "O(1) for each field",
    arity: -2,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY encoding \
             offset increment> [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | \
             INCRBY encoding offset increment> ...]]",
    kind: Kind::Write(|ctx, args| run(ctx, args, false)),
    subcommands: &[],
};

/// Runs the calls in order.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, read_only: bool) -> Result<Reply, Refusal> {
    let (name, calls) = (args.at(1), fields::parse(ctx, args.from(2), read_only)?);
    let changing = calls.iter().filter(|call| call.action != Action::Get);
    let Some(end) = changing.map(Call::end).max() else {
        let value = ctx.read_string(name)?.map(|(_, value)| value).unwrap_or_default();
        let read = calls.iter().map(|call| Reply::Integer(call.field.read(&value, call.at)));
        return Ok(Reply::Array(read.collect()));
    };
    let before = ctx.find_string(name)?.map_or(0, |(_, value)| value.len());
    let key = bits::grown(ctx, name, end)?;
    let grew = ctx.engine.store.string(key).is_some_and(|value| value.len() > before);
    let mut changed = false;
    let mut answers = Vec::with_capacity(calls.len());
    for call in &calls {
        // Not a clone: a value that nobody else holds is changed in place.
        let value = ctx.engine.store.string(key).map_or(&[][..], |value| &value[..]);
        let old = call.field.read(value, call.at);
        let (new, answer) = match call.action {
            Action::Get => (None, Some(old)),
            Action::Set(n, overflow) => {
                let new = call.field.fit(n.into(), overflow);
                (new, new.map(|_| old))
            }
            Action::Increase(by, overflow) => {
                let new = call.field.fit(i128::from(old) + i128::from(by), overflow);
                (new, new)
            }
        };
        if let Some(new) = new {
            changed |= grew || new != old;
            let bytes = call.field.written(value, call.at, new);
            ctx.store().patch_string(key, (call.at / 8) as usize, &bytes);
        }
        answers.push(answer.map_or(Reply::Null, Reply::Integer));
    }
    if changed {
        ctx.notify_key(Class::STRING, "setbit", key);
    }
    Ok(Reply::Array(answers))
}
