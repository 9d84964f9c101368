//! LATENCY DOCTOR: what the slow events mean, in words.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY DOCTOR.
pub static SPEC: Spec = Spec {
    name: "latency|doctor",
    summary: "Explains slow events in words.",
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
    let (threshold_ms, latency) = (ctx.engine.config.latency_monitor_threshold_ms, &ctx.engine.stats.latency);
    let mut report = String::new();
    if threshold_ms == 0 {
        report.push_str("Nothing is being watched. CONFIG SET latency-monitor-threshold <milliseconds> begins.\n");
    } else if latency.iter().len() == 0 {
        report.push_str(&format!("No event has taken {threshold_ms} ms or longer.\n"));
    }
    for (event, series) in latency.iter() {
        let (count, worst) = (series.samples.len(), series.worst_ms);
        report
            .push_str(&format!("{event}: {count} slow seconds, the worst event took {worst} ms. {}\n", advice(event)));
    }
    Ok(Reply::Verbatim("txt".into(), report.into()))
}

fn advice(event: &str) -> &'static str {
    match event {
        "command" => "SLOWLOG GET shows which calls; give them a COUNT, or less to do.",
        "fast-command" => "Fast commands were slow: look for other load on this machine.",
        _ => "",
    }
}
