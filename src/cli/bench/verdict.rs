//! What a row of the table came to: each ratio beside its bar, as one line of a Markdown table.
//!
//! Must never know: how it was measured.

use super::compare::{Ratios, Series};
use super::load::Load;
use super::table::Bar;
use std::io::{self, Write};

/// How one server did in one row.
pub(super) struct Verdict {
    title: String,
    target: String,
    bar: Bar,
    ratios: Ratios,
}

impl Verdict {
    /// Of all servers but the first, on which the ratios are based.
    pub(super) fn of_all(load: &Load, bar: Bar, series: &[Series<'_>]) -> Vec<Verdict> {
        let Some((base, others)) = series.split_first() else { return vec![] };
        let of = |one: &Series<'_>| Verdict {
            title: load.title(),
            target: one.target.name.clone(),
            bar,
            ratios: Ratios::of(one, base),
        };
        others.iter().map(of).collect()
    }

    /// What is below its bar, by name.
    fn missed(&self) -> Vec<&'static str> {
        let (r, bar) = (&self.ratios, &self.bar);
        let low = |of: Option<f64>, bar: Option<f64>| bar.is_some_and(|bar| of.is_none_or(|of| of < bar));
        let high = |of: Option<f64>, bar: Option<f64>| bar.is_some_and(|bar| of.is_none_or(|of| of > bar));
        let each = [
            (low(r.throughput, bar.throughput), "throughput"),
            (high(r.cpu, bar.cpu), "CPU"),
            (high(r.p50, bar.p50), "p50"),
            (high(r.p99, bar.p99), "p99"),
        ];
        each.into_iter().filter(|(missed, _)| *missed).map(|(_, name)| name).collect()
    }

    fn line(&self, several: bool) -> String {
        let (r, bar) = (&self.ratios, &self.bar);
        let cell = |of: Option<f64>, sign: &str, bar: Option<f64>| match (of, bar) {
            (None, _) => "-".to_owned(),
            (Some(of), None) => format!("{of:.2}"),
            (Some(of), Some(bar)) => format!("{of:.2} ({sign} {bar})"),
        };
        let cpu_us = r.cpu_us.map(|(base, own)| format!("{base:.2} / {own:.2}")).unwrap_or_default();
        let missed = self.missed();
        let verdict = match missed.as_slice() {
            _ if self.bar == Bar::default() => String::new(),
            [] => "ok".to_owned(),
            missed => format!("MISSED: {}", missed.join(", ")),
        };
        let title = if several { format!("{} {}", self.target, self.title) } else { self.title.clone() };
        let cells = [
            title,
            cell(r.throughput, "≥", bar.throughput),
            cell(r.cpu, "≤", bar.cpu),
            cpu_us,
            cell(r.p50, "≤", bar.p50),
            cell(r.p99, "≤", bar.p99),
            verdict,
        ];
        format!("| {} |", cells.join(" | "))
    }
}

/// Writes all rows.
pub(super) fn table(out: &mut dyn Write, verdicts: &[Verdict]) -> io::Result<()> {
    let several = verdicts.iter().any(|one| one.target != verdicts[0].target);
    writeln!(out, "\n| work | throughput (bar) | CPU per operation (bar) | µs | p50 (bar) | p99 (bar) | verdict |")?;
    writeln!(out, "|---|---|---|---|---|---|---|")?;
    verdicts.iter().try_for_each(|one| writeln!(out, "{}", one.line(several)))?;
    let held = || verdicts.iter().filter(|one| one.bar != Bar::default());
    let met = held().filter(|one| one.missed().is_empty()).count();
    writeln!(out, "\n{met} of {} rows meet their bars", held().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_missed_or_unknown() {
        let bar = Bar { throughput: Some(1.2), cpu: Some(0.8), ..Bar::default() };
        let of = |throughput, cpu| {
            let ratios = Ratios { throughput, cpu, ..Ratios::default() };
            Verdict { title: "xadd".into(), target: "b".into(), bar, ratios }
        };
        assert_eq!(of(Some(1.2), Some(0.8)).missed(), Vec::<&str>::new());
        assert_eq!(of(Some(1.1), Some(0.9)).missed(), ["throughput", "CPU"]);
        assert_eq!(of(Some(1.3), None).missed(), ["CPU"], "what was not measured is not met");
        assert_eq!(of(Some(1.25), Some(0.5)).line(false), "| xadd | 1.25 (≥ 1.2) | 0.50 (≤ 0.8) |  | - | - | ok |");
    }
}
