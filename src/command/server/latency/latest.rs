//! LATENCY LATEST: the last and the worst event of each kind.

use crate::broker::Ctx;
use crate::broker::latency::Series;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY LATEST.
pub static SPEC: Spec = Spec {
    name: "latency|latest",
    summary: "Answers the last slow event of each kind.",
    since: "2.8.13",
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
    let one = |(event, series): (&'static str, &Series)| {
        let (at_s, ms) = series.samples.back().copied().unwrap_or_default();
        let numbers = [at_s, ms as i64, series.worst_ms as i64].map(Reply::Integer);
        Reply::Array(std::iter::once(Reply::text(event)).chain(numbers).collect())
    };
    Ok(Reply::Array(ctx.engine.stats.latency.iter().map(one).collect()))
}
