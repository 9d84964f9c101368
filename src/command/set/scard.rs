//! SCARD: the number of members.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCARD.
pub static SPEC: Spec = Spec {
    name: "scard",
    summary: "Answers the number of members.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = members::read(ctx, args.at(1))?;
    Ok(Reply::count(key.map_or(0, |key| ctx.set(key).len())))
}
