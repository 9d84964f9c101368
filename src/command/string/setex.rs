//! SETEX and PSETEX: the old forms of `SET key value EX seconds` and `PX milliseconds`.

use super::deadline::{Deadline, Unit};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SETEX.
pub static SPEC: Spec = Spec {
    name: "setex",
    summary: "Sets a key to a string with a deadline in seconds.",
    since: "2.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key seconds value",
    kind: Kind::Write(|ctx, args| run(ctx, args, Unit::Ex)),
    subcommands: &[],
};

/// Sets with a deadline in `unit`.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, unit: Unit) -> Result<Reply, Refusal> {
    let deadline = Deadline::At(unit, args.at(2)).resolve(ctx.now_ms, ctx.spec.name)?;
    let old = ctx.find(args.at(1))?;
    deadline.write(ctx, args.at(1), old, args.at(3), "set");
    Ok(Reply::OK)
}
