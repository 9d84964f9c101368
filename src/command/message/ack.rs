//! MSG.ACK: entries are done with, if they are still this consumer's. Answers how many were.

use super::{epoch, ids, owned_by};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::stream::group;
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};

/// MSG.ACK.
pub static SPEC: Spec = Spec {
    name: "msg.ack",
    summary: "Acknowledges entries that are still owned by a consumer.",
    since: "0.1.0",
    group: Group::Message,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group consumer epoch id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    epoch(args.at(4))?;
    let ids = ids(args.from(5))?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let owned: Vec<StreamId> = owned_by(ctx, at, args.at(3), &ids).into_iter().map(|(id, _)| id).collect();
    if !owned.is_empty() {
        ctx.store().change(at.key, &Effect::Ack { group: at.group, ids: Ids::Listed(&owned) });
        at.acknowledged(ctx);
    }
    Ok(Reply::count(owned.len()))
}
