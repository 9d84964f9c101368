//! PUBSUB NUMSUB: how many listen to each of these channels by its name.

use super::counted;
use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUBSUB NUMSUB.
pub static SPEC: Spec = Spec {
    name: "pubsub|numsub",
    summary: "Counts who listens to channels.",
    since: "2.8.0",
    group: Group::PubSub,
    complexity: "O(N) for N channels",
    arity: -2,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[channel [channel ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(counted(ctx, args, Space::Channel))
}
