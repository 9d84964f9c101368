//! XDEL: deletes entries by id; answers how many were there. What groups have pending of them stays pending.
//!
//! The one surprising rule: ids are only looked at when the key exists.

use super::deletion::Deletion;
use super::id;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XDEL.
pub static SPEC: Spec = Spec {
    name: "xdel",
    summary: "Deletes entries by their ids.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N ids",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = ctx.find_stream(args.at(1))? else { return Ok(Reply::Integer(0)) };
    let deletion = Deletion::plan(ctx, key, id::list(args.from(2))?)?;
    deletion.apply(ctx, key);
    Ok(Reply::count(deletion.len()))
}
