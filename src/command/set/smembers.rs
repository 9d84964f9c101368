//! SMEMBERS: all members.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SMEMBERS.
pub static SPEC: Spec = Spec {
    name: "smembers",
    summary: "Answers all members.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members",
    arity: 2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = members::read(ctx, args.at(1))?;
    Ok(members::reply(key.map_or_else(Vec::new, |key| ctx.set(key).iter().collect())))
}
