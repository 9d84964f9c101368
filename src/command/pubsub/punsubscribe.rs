//! PUNSUBSCRIBE: listens no more to all channels that match a pattern, or to none of them.

use super::confirm;
use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PUNSUBSCRIBE.
pub static SPEC: Spec = Spec {
    name: "punsubscribe",
    summary: "Listens no more to all channels that match a pattern.",
    since: "2.0.0",
    group: Group::PubSub,
    complexity: "O(N log M) for N names, with M in use",
    arity: -1,
    flags: &[Flag::PubSub, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::WhileListening],
    keys: Keys::None,
    syntax: "[pattern [pattern ...]]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    confirm::unsubscribe(ctx, args, Space::Pattern)
}
