//! LEASE.RENEW: gives a lease another time to live from now on, be it longer or shorter than what is left.

use super::state;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LEASE.RENEW.
pub static SPEC: Spec = Spec {
    name: "lease.renew",
    summary: "Gives a lease more time.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: 5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key holder token ttl-ms",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, client) = (args.at(1), ctx.client);
    let token = state::token(args.at(3))?;
    let deadline_ms = state::deadline_ms(ctx, args.at(4))?;
    let held = state::held_by(ctx, name, args.at(2), token)?.ok_or(error::lease::LOST)?;
    state::prolong(ctx, name, held.key, deadline_ms);
    if ctx.engine.store.lease(held.key).is_some_and(|lease| lease.grace_ms.is_some()) {
        ctx.engine.bind_lease(token, client);
    }
    Ok(Reply::Integer(1))
}
