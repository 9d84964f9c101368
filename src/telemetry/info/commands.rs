//! `# Commandstats`, `# Errorstats`, `# Latencystats`: counts by command and by error code.

use super::page::{Page, ratio};
use crate::broker::Engine;

pub(super) fn calls(engine: &Engine, page: &mut Page) {
    for c in engine.stats.commands.iter() {
        page.line(
            &format!("cmdstat_{}", c.spec.name),
            format_args!(
                "calls={},usec={},usec_per_call={:.2},rejected_calls={},failed_calls={}",
                c.calls,
                c.micros,
                ratio(c.micros, c.calls),
                c.rejected,
                c.failed
            ),
        );
    }
}

pub(super) fn errors(engine: &Engine, page: &mut Page) {
    for (code, count) in &engine.stats.errors {
        page.line(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

pub(super) fn latencies(engine: &Engine, page: &mut Page) {
    for c in engine.stats.commands.iter().filter(|c| c.durations.total() > 0) {
        let at = |percent| c.durations.percentile(percent);
        page.line(
            &format!("latency_percentiles_usec_{}", c.spec.name),
            format_args!("p50={:.3},p99={:.3},p99.9={:.3}", at(50.0), at(99.0), at(99.9)),
        );
    }
}
