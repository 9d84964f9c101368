//! PUBSUB CHANNELS: the channels that somebody listens to.

use super::active;
use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUBSUB CHANNELS.
pub static SPEC: Spec = Spec {
    name: "pubsub|channels",
    summary: "Names the channels that somebody listens to.",
    since: "2.8.0",
    group: Group::PubSub,
    complexity: "O(N) for N channels",
    arity: -2,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[pattern]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    active(ctx, args, Space::Channel)
}
