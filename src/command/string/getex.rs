//! GETEX: answers a string and sets or takes away its deadline.
//!
//! A missing key answers null before the time is looked at; a time that has passed deletes the key.

use super::deadline::{Deadline, Resolved};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// GETEX.
pub static SPEC: Spec = Spec {
    name: "getex",
    summary: "Answers the string value of a key and changes its deadline.",
    since: "6.2.0",
    group: Group::String,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn parse(args: Args<'_>) -> Result<Option<Deadline<'_>>, Refusal> {
    let mut deadline = None;
    let mut i = 2;
    while i < args.len() {
        match Deadline::parse(args.from(i)) {
            None | Some((Deadline::Keep, _)) => return Err(error::SYNTAX),
            Some((found, used)) => {
                found.put(&mut deadline)?;
                i += used;
            }
        }
    }
    Ok(deadline)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let deadline = parse(args)?;
    let Some((key, value)) = ctx.read_string(args.at(1))? else { return Ok(Reply::Null) };
    if let Some(deadline) = deadline {
        let resolved = deadline.resolve(ctx.now_ms, ctx.spec.name)?;
        let old = ctx.engine.store.object(key).deadline_ms;
        if resolved.has_passed(ctx.now_ms) {
            ctx.delete(key);
            return Ok(Reply::Bulk(value));
        }
        match resolved {
            Resolved::At(_) => ctx.notify(Class::GENERIC, "expire", args.at(1)),
            Resolved::Never if old.is_some() => ctx.notify(Class::GENERIC, "persist", args.at(1)),
            _ => {}
        }
        if resolved.after(old) != old {
            ctx.store().set_deadline(key, resolved.after(old));
        }
    }
    Ok(Reply::Bulk(value))
}
