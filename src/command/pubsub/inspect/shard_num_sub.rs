//! PUBSUB SHARDNUMSUB: how many listen to each of these shard channels.

use super::counted;
use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUBSUB SHARDNUMSUB.
pub static SPEC: Spec = Spec {
    name: "pubsub|shardnumsub",
    summary: "Counts who listens to shard channels.",
    since: "7.0.0",
    group: Group::PubSub,
    complexity: "O(N) for N shard channels",
    arity: -2,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[shardchannel [shardchannel ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(counted(ctx, args, Space::Shard))
}
