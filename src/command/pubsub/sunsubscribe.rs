//! SUNSUBSCRIBE: listens no more to shard channels, or to none of them.

use super::confirm;
use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SUNSUBSCRIBE.
pub static SPEC: Spec = Spec {
    name: "sunsubscribe",
    summary: "Listens no more to shard channels.",
    since: "7.0.0",
    group: Group::PubSub,
    complexity: "O(N log M) for N names, with M in use",
    arity: -1,
    flags: &[Flag::PubSub, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::WhileListening],
    keys: Keys::ALL,
    syntax: "[shardchannel [shardchannel ...]]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    confirm::unsubscribe(ctx, args, Space::Shard)
}
