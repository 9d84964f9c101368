//! LATENCY GRAPH: the slow events of one kind as bars, one row each.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY GRAPH.
pub static SPEC: Spec = Spec {
    name: "latency|graph",
    summary: "Draws slow events of one kind.",
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

/// Characters of the longest bar.
const WIDTH: u64 = 50;

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let series = ctx.engine.stats.latency.get(args.at(2)).ok_or_else(|| error::server::no_samples(args.at(2)))?;
    let now_s = ctx.now_ms / 1000;
    let row = |(at_s, ms): &(i64, u64)| {
        let bar = "#".repeat((ms * WIDTH).div_ceil(series.worst_ms.max(1)) as usize);
        format!("{:>8}s ago {ms:>8} ms {bar}\n", now_s - at_s)
    };
    let rows: String = series.samples.iter().map(row).collect();
    Ok(Reply::Verbatim("txt".into(), rows.into()))
}
