//! HGETEX: answers the values of fields and gives them a deadline, or takes it away.

use super::{fields, pairs};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// HGETEX.
pub static SPEC: Spec = Spec {
    name: "hgetex",
    summary: "Answers fields and changes their deadlines.",
    since: "8.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] \
             FIELDS numfields field [field ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// What becomes of the deadlines: nothing, or this.
fn parse(ctx: &Ctx<'_>, args: Args<'_>) -> Result<(Option<Option<u64>>, usize), Refusal> {
    let word = args.at(2);
    if word.eq_ignore_ascii_case(b"PERSIST") {
        return Ok((Some(None), 3));
    }
    match fields::unit(word) {
        Some(unit) => Ok((Some(Some(fields::deadline(ctx, args.at(3), unit)?)), 4)),
        None => Ok((None, 2)),
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let found = pairs::find(ctx, args.at(1))?;
    let (deadline, at) = parse(ctx, args)?;
    let names = fields::names(args.from(at))?;
    let mut values = Vec::with_capacity(names.len());
    let mut word = None;
    for field in names.iter() {
        let value = pairs::value(ctx, found, field);
        if let (Some(key), Some(at_ms), Reply::Bulk(_)) = (found, deadline, &value) {
            let had = ctx.hash(key).fields().get(field).is_some_and(|f| f.deadline_ms.is_some());
            let stays = fields::set_deadline(ctx, key, field, at_ms);
            word = match at_ms {
                Some(_) if stays => Some("hexpire"),
                Some(_) => Some("hdel"),
                None if had => Some("hpersist"),
                None => word,
            };
        }
        values.push(value);
    }
    if let Some(key) = found {
        if let Some(word) = word {
            ctx.notify_key(Class::HASH, word, key);
        }
        ctx.store().delete_if_empty(key);
    }
    Ok(Reply::Array(values))
}
