//! SISMEMBER: whether a set has a member.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SISMEMBER.
pub static SPEC: Spec = Spec {
    name: "sismember",
    summary: "Tells whether a set has a member.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = members::read(ctx, args.at(1))?;
    Ok(Reply::Integer(key.is_some_and(|key| ctx.set(key).contains(args.at(2))).into()))
}
