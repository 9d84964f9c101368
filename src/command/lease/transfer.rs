//! LEASE.TRANSFER: gives a lease to another holder, who gets a token of its own, so that the giver is fenced off from then on.
//!
//! If the new holder waits for it, its wait is over. Deadline and META stay. A lease that is bound belongs to no connection until the new holder renews it.

use super::state;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// LEASE.TRANSFER.
pub static SPEC: Spec = Spec {
    name: "lease.transfer",
    summary: "Gives a lease to another holder, with a token of its own.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: 5,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key holder token to",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, to) = (args.at(1), state::holder(args.at(4))?);
    let token = state::token(args.at(3))?;
    let held = state::held_by(ctx, name, args.at(2), token)?.ok_or(error::lease::LOST)?;
    let (lease, deadline_ms) = (ctx.engine.store.lease(held.key).cloned(), ctx.engine.store.deadline(held.key));
    ctx.engine.unbind_lease(token);
    let key = ctx.mint_string(name, Some(held.key), to, deadline_ms);
    if let Some(lease) = lease {
        ctx.store().set_lease(key, lease);
    }
    ctx.notify(Class::STRING, "set", name);
    // One of those who wait may be the new holder, wherever it stands.
    let db = ctx.db;
    ctx.engine.waits.queues.rouse(db, name);
    let held = state::look(ctx, name)?;
    Ok(state::token_reply(held.as_ref()))
}
