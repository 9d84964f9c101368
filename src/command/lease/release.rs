//! LEASE.RELEASE: gives a lease back. Whoever waits for it first has it before this is answered.

use super::state;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LEASE.RELEASE.
pub static SPEC: Spec = Spec {
    name: "lease.release",
    summary: "Gives a lease back: whoever waits for it has it next.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key holder token",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let token = state::token(args.at(3))?;
    let Some(held) = state::held_by(ctx, args.at(1), args.at(2), token)? else { return Ok(Reply::Integer(0)) };
    ctx.delete(held.key);
    ctx.engine.unbind_lease(token);
    Ok(Reply::Integer(1))
}
