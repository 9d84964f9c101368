//! Several servers in alternation: medians, ratios to the first, and how far the rounds lie apart.

use super::figures::Figures;
use super::json::Object;
use super::load::{Load, Target};
use super::report::{duration, grouped, settings};
use std::io::{self, Write};

/// All rounds of one server.
pub(super) struct Series<'a> {
    pub(super) target: &'a Target,
    pub(super) rounds: Vec<Figures>,
}

/// The order of `targets` servers in `round`: each round begins with another, so that none always runs first.
pub(super) fn order(round: usize, targets: usize) -> impl Iterator<Item = usize> {
    (0..targets).map(move |i| (i + round) % targets)
}

/// Median and range of one figure over the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Series<'_> {
    fn spread(&self, figure: impl Fn(&Figures) -> Option<f64>) -> Option<Spread> {
        spread(self.rounds.iter().filter_map(figure).collect())
    }

    fn throughput(&self) -> Option<Spread> {
        self.spread(|f| Some(f.operations_per_s()))
    }

    fn cpu(&self) -> Option<Spread> {
        self.spread(|f| Some(f.server?.cpu_us()))
    }

    fn latency(&self, figure: impl Fn(&Figures) -> f64) -> Option<f64> {
        Some(self.spread(|f| Some(figure(f)))?.median)
    }

    fn errors(&self) -> u64 {
        self.rounds.iter().map(|f| f.errors).sum()
    }

    fn peak_rss_bytes(&self) -> Option<u64> {
        self.rounds.iter().filter_map(|f| f.server.map(|u| u.peak_rss_bytes)).max()
    }
}

fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let (min, max) = (*values.first()?, *values.last()?);
    let middle = values.len() / 2;
    let median = if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 };
    Some(Spread { median, min, max })
}

/// What `of` is as a multiple of `base`.
fn ratio(of: Option<Spread>, base: Option<Spread>) -> Option<f64> {
    let (of, base) = (of?.median, base?.median);
    (base > 0.0).then(|| of / base)
}

/// How a server stands to the first one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ratios {
    pub(super) throughput: Option<f64>,
    pub(super) cpu: Option<f64>,
    pub(super) p50: Option<f64>,
    pub(super) p99: Option<f64>,
    /// CPU microseconds of an operation: the first server's and its own.
    pub(super) cpu_us: Option<(f64, f64)>,
}

impl Ratios {
    /// Of `one` to `base`.
    pub(super) fn of(one: &Series<'_>, base: &Series<'_>) -> Ratios {
        let latency = |figure: fn(&Figures) -> f64| Some(one.latency(figure)? / base.latency(figure)?);
        Ratios {
            throughput: ratio(one.throughput(), base.throughput()),
            cpu: ratio(one.cpu(), base.cpu()),
            p50: latency(|f| f.latency.p50_us),
            p99: latency(|f| f.latency.p99_us),
            cpu_us: base.cpu().zip(one.cpu()).map(|(base, one)| (base.median, one.median)),
        }
    }
}

/// Writes the table of one workload.
pub(super) fn human(out: &mut dyn Write, load: &Load, series: &[Series<'_>]) -> io::Result<()> {
    let Some(base) = series.first() else { return Ok(()) };
    let pacing = if load.rate.is_some() { "open loop" } else { "closed loop" };
    writeln!(out, "{} ({pacing}, {} rounds, median; min..max)", load.title(), base.rounds.len())?;
    writeln!(
        out,
        "  {:<14} {:>11} {:>7} {:>23} {:>9} {:>7} {:>15} {:>9} {:>9} {:>9} {:>7}",
        "target", "ops/s", "ratio", "noise", "CPU us/op", "ratio", "noise", "p50", "p99", "peak RSS", "errors"
    )?;
    for one in series {
        let (throughput, cpu, ratios) = (one.throughput(), one.cpu(), Ratios::of(one, base));
        let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        writeln!(
            out,
            "  {:<14} {:>11} {:>7} {:>23} {:>9} {:>7} {:>15} {:>9} {:>9} {:>9} {:>7}",
            one.target.name,
            text(throughput.map(|s| grouped(s.median))),
            text(ratios.throughput.map(|r| format!("{r:.2}x"))),
            text(throughput.map(|s| format!("{}..{}", grouped(s.min), grouped(s.max)))),
            text(cpu.map(|s| format!("{:.2}", s.median))),
            text(ratios.cpu.map(|r| format!("{r:.2}x"))),
            text(cpu.map(|s| format!("{:.2}..{:.2}", s.min, s.max))),
            text(one.latency(|f| f.latency.p50_us).map(duration)),
            text(one.latency(|f| f.latency.p99_us).map(duration)),
            text(one.peak_rss_bytes().map(|b| format!("{:.1}M", b as f64 / 1_048_576.0))),
            one.errors(),
        )?;
    }
    Ok(())
}

/// Writes a summary line for each server.
pub(super) fn json(out: &mut dyn Write, load: &Load, series: &[Series<'_>]) -> io::Result<()> {
    let Some(base) = series.first() else { return Ok(()) };
    for one in series {
        let (throughput, cpu, ratios) = (one.throughput(), one.cpu(), Ratios::of(one, base));
        let object = settings(Object::new().truth("summary", true).text("target", &one.target.name), load)
            .count("rounds", one.rounds.len() as u64)
            .count("errors", one.errors())
            .maybe("p50_us", one.latency(|f| f.latency.p50_us))
            .maybe("p99_us", one.latency(|f| f.latency.p99_us))
            .maybe("server_peak_rss_bytes", one.peak_rss_bytes().map(|b| b as f64));
        let object = spread_fields(object, "operations_per_s", throughput, ratios.throughput);
        let object = spread_fields(object, "server_cpu_us_per_op", cpu, ratios.cpu);
        writeln!(out, "{}", object.finish())?;
    }
    Ok(())
}

fn spread_fields(object: Object, name: &str, spread: Option<Spread>, ratio: Option<f64>) -> Object {
    object
        .maybe(name, spread.map(|s| s.median))
        .maybe(&format!("{name}_min"), spread.map(|s| s.min))
        .maybe(&format!("{name}_max"), spread.map(|s| s.max))
        .maybe(&format!("{name}_ratio"), ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(spread(vec![]), None);
        assert_eq!(spread(vec![3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
        assert_eq!(spread(vec![4.0, 1.0, 2.0, 3.0]).map(|s| s.median), Some(2.5));
    }

    #[test]
    fn every_round_runs_all_and_begins_with_another() {
        assert_eq!(order(1, 3).collect::<Vec<_>>(), [1, 2, 0]);
        assert_eq!(order(3, 3).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
