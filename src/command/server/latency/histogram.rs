//! LATENCY HISTOGRAM: for each command its calls, and how many took less than each power of two microseconds. A name
//! of a container stands for all its subcommands.

use crate::broker::Ctx;
use crate::broker::stats::CommandStats;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY HISTOGRAM.
pub static SPEC: Spec = Spec {
    name: "latency|histogram",
    summary: "Answers how long calls took, by command.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) for N commands",
    arity: -2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[command [command ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let counted = || ctx.engine.stats.commands.iter().filter(|c| c.durations.total() > 0);
    if args.len() == 2 {
        return Ok(Reply::Map(counted().map(histogram).collect()));
    }
    // In the order in which they were asked for.
    let of = |name| counted().filter(move |c| means(name, c.spec.name)).map(histogram);
    Ok(Reply::Map(args.from(2).iter().flat_map(of).collect()))
}

/// Whether `name` is the command or its container.
fn means(name: &[u8], command: &str) -> bool {
    let container = command.split('|').next().unwrap_or(command);
    name.eq_ignore_ascii_case(command.as_bytes()) || name.eq_ignore_ascii_case(container.as_bytes())
}

fn histogram(c: &CommandStats) -> (Reply, Reply) {
    let integer = |n: u64| Reply::Integer(n as i64);
    let buckets = c.durations.doublings().into_iter().map(|(below, count)| (integer(below), integer(count)));
    let facts = vec![
        (Reply::text("calls"), integer(c.durations.total())),
        (Reply::text("histogram_usec"), Reply::Map(buckets.collect())),
    ];
    (Reply::text(c.spec.name), Reply::Map(facts))
}
