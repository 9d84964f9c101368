//! SPUBLISH: hands a message to all who listen to a shard channel. Nothing is kept.

use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SPUBLISH.
pub static SPEC: Spec = Spec {
    name: "spublish",
    summary: "Sends a message to all who listen to a shard channel.",
    since: "7.0.0",
    group: Group::PubSub,
    complexity: "O(N) for N listeners to the channel",
    arity: 3,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale, Flag::Fast, Flag::HeldByPause],
    keys: Keys::ONE,
    syntax: "shardchannel message",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.note_changes();
    Ok(Reply::count(ctx.engine.publish(Space::Shard, args.at(1), args.at(2))))
}
