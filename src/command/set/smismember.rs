//! SMISMEMBER: SISMEMBER for several members.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SMISMEMBER.
pub static SPEC: Spec = Spec {
    name: "smismember",
    summary: "Tells which members a set has.",
    since: "6.2.0",
    group: Group::Set,
    complexity: "O(N) for N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [member ...]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = members::read(ctx, args.at(1))?;
    let has = |member: &[u8]| Reply::Integer(key.is_some_and(|key| ctx.set(key).contains(member)).into());
    Ok(Reply::Array(args.from(2).iter().map(has).collect()))
}
