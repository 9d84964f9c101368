//! PUBLISH: hands a message to all who listen to a channel, and to each pattern that matches it. Nothing is kept.

use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUBLISH.
pub static SPEC: Spec = Spec {
    name: "publish",
    summary: "Sends a message to all who listen to a channel.",
    since: "2.0.0",
    group: Group::PubSub,
    complexity: "O(N + M) for N listeners to the channel and M patterns",
    arity: 3,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale, Flag::Fast, Flag::HeldByPause],
    keys: Keys::None,
    syntax: "channel message",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.note_changes();
    Ok(Reply::count(ctx.engine.publish(Space::Channel, args.at(1), args.at(2))))
}
