//! LATENCY HISTORY: the slow events of one kind, oldest first, the worst of each second.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY HISTORY.
pub static SPEC: Spec = Spec {
    name: "latency|history",
    summary: "Lists slow events of one kind.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "event",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(series) = ctx.engine.stats.latency.get(args.at(2)) else { return Ok(Reply::Array(Vec::new())) };
    let pair = |(at_s, ms): &(i64, u64)| Reply::Array(vec![Reply::Integer(*at_s), Reply::Integer(*ms as i64)]);
    Ok(Reply::Array(series.samples.iter().map(pair).collect()))
}
