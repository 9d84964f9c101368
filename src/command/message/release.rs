//! MSG.RELEASE: entries that nobody owns and that wait (for their next delivery, or because they failed too often) can be
//! had at once. Answers how many there were.
//!
//! One that failed too often begins anew: it would fail at once otherwise.

use super::ids;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::command::stream::{group, redelivery};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::stream::pending::NOBODY;

/// MSG.RELEASE.
pub static SPEC: Spec = Spec {
    name: "msg.release",
    summary: "Lets entries that wait or failed too often be delivered at once.",
    since: "0.1.0",
    group: Group::Message,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key group id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let ids = ids(args.from(3))?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let policy = ctx.engine.policies.of(ctx.db, args.at(1));
    let is_spent = |deliveries| match &policy {
        Some(policy) => policy.of_group(args.at(2)).is_spent(deliveries),
        None => deliveries == i64::MAX,
    };
    let waiting =
        |id: &StreamId| at.of(ctx).pending.get(*id).filter(|p| p.consumer == NOBODY && p.delivered_ms > ctx.now_ms);
    let waiting: Vec<_> = ids.iter().filter_map(|id| waiting(id).map(|pending| (*id, pending.deliveries))).collect();
    for (id, deliveries) in &waiting {
        let deliveries = if is_spent(*deliveries) { 0 } else { *deliveries };
        // At the head of what was released.
        redelivery::release(ctx, at, *id, 0, deliveries);
    }
    if !waiting.is_empty() {
        at.wake_claimers(ctx);
    }
    Ok(Reply::count(waiting.len()))
}
