//! CONFIG RESETSTAT: sets counters back to zero: commands, errors, connections, traffic, hits, expired keys, peaks.
//! The slow log and LATENCY have their own RESET.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CONFIG RESETSTAT.
pub static SPEC: Spec = Spec {
    name: "config|resetstat",
    summary: "Sets counters back to zero.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.stats.reset();
    ctx.engine.store.stats.expired_keys = 0;
    ctx.engine.store.stats.expired_fields = 0;
    #[cfg(feature = "scripting")]
    {
        ctx.engine.scripts.evicted = 0;
    }
    Ok(Reply::OK)
}
