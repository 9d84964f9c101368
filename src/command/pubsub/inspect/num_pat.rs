//! PUBSUB NUMPAT: how many different patterns somebody listens to.

use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUBSUB NUMPAT.
pub static SPEC: Spec = Spec {
    name: "pubsub|numpat",
    summary: "Counts the patterns that somebody listens to.",
    since: "2.8.0",
    group: Group::PubSub,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::PubSub, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::count(ctx.engine.pubsub.names(Space::Pattern).len()))
}
