//! Figures for people (a block for each run) and for programs (a JSON object a line).

use super::figures::{Figures, Usage};
use super::json::Object;
use super::load::{Load, Target};
use std::io::{self, Write};

/// How requests are paced, in a few words. Latencies of the two are not comparable, so every output says it.
fn pacing(load: &Load) -> String {
    match load.rate {
        Some(rate) => format!("open loop, {rate} cycles/s: latency from the intended send time"),
        None => "closed loop: latency from the send".to_owned(),
    }
}

/// Writes the block of one run.
pub(super) fn human(out: &mut dyn Write, target: &Target, load: &Load, figures: &Figures) -> io::Result<()> {
    let f = figures;
    writeln!(out, "{} on {} ({})", load.title(), target.name, pacing(load))?;
    writeln!(
        out,
        "  {} clients, {} threads, RESP{}, payload {} B {}",
        load.clients,
        load.threads,
        load.resp,
        load.payload,
        load.payload_kind.name()
    )?;
    write!(out, "  throughput  {} ops/s", grouped(f.operations_per_s()))?;
    if f.items != f.operations {
        write!(out, ", {} entries/s", grouped(f.items_per_s()))?;
    }
    writeln!(out, "  ({} in {:.2} s)", grouped(f.operations as f64), f.seconds)?;
    let l = &f.latency;
    let [p50, p90, p99, p99_9, max] = [l.p50_us, l.p90_us, l.p99_us, l.p99_9_us, l.max_us].map(duration);
    writeln!(out, "  latency     p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}")?;
    if let Some(server) = &f.server {
        usage(out, "server", server)?;
        let written = f.written_per_operation().map_or("unknown".to_owned(), |b| format!("{b:.0} B/op"));
        writeln!(out, "; peak RSS {:.1} MiB; written {written}", server.peak_rss_bytes as f64 / 1_048_576.0)?;
    }
    if let Some(generator) = &f.generator {
        usage(out, "generator", generator)?;
        writeln!(out)?;
    }
    notes(out, load, f)
}

fn usage(out: &mut dyn Write, who: &str, usage: &Usage) -> io::Result<()> {
    let (cpu, user, system) = (usage.cpu_us(), usage.user_us, usage.system_us);
    let percent = usage.cpu_percent;
    write!(out, "  {who:<11} {cpu:.2} us CPU/op (user {user:.2}, system {system:.2}), {percent:.0}% of a core")
}

/// What a reader must know before believing the figures.
fn notes(out: &mut dyn Write, load: &Load, f: &Figures) -> io::Result<()> {
    writeln!(out, "  errors      {}  misses {}", f.errors, f.misses)?;
    if let Some(error) = &f.first_error {
        writeln!(out, "  first error {error}")?;
    }
    if f.unfinished > 0 {
        writeln!(out, "  unfinished  {} cycles fell due and were never answered", f.unfinished)?;
    }
    if f.interrupted {
        writeln!(out, "  interrupted before the end")?;
    }
    if f.generator_saturated(load.threads) {
        writeln!(out, "  the generator was saturated: its limit may be what is shown; try --threads or --pipeline")?;
    }
    Ok(())
}

/// The object of one run.
pub(super) fn json(target: &Target, load: &Load, figures: &Figures) -> Object {
    let f = figures;
    let object = settings(Object::new().text("target", &target.name), load)
        .count("operations", f.operations)
        .count("items", f.items)
        .number("seconds", f.seconds)
        .number("operations_per_s", f.operations_per_s())
        .number("items_per_s", f.items_per_s())
        .number("p50_us", f.latency.p50_us)
        .number("p90_us", f.latency.p90_us)
        .number("p99_us", f.latency.p99_us)
        .number("p99_9_us", f.latency.p99_9_us)
        .number("max_us", f.latency.max_us)
        .count("errors", f.errors)
        .count("misses", f.misses)
        .count("unfinished", f.unfinished)
        .maybe("server_user_us_per_op", f.server.map(|u| u.user_us))
        .maybe("server_system_us_per_op", f.server.map(|u| u.system_us))
        .maybe("server_cpu_us_per_op", f.server.map(|u| u.cpu_us()))
        .maybe("server_peak_rss_bytes", f.server.map(|u| u.peak_rss_bytes as f64))
        .maybe("server_written_bytes", f.server.and_then(|u| u.written_bytes).map(|b| b as f64))
        .maybe("generator_cpu_us_per_op", f.generator.map(|u| u.cpu_us()))
        .truth("generator_saturated", f.generator_saturated(load.threads))
        .truth("interrupted", f.interrupted);
    match &f.first_error {
        Some(error) => object.text("first_error", error),
        None => object.null("first_error"),
    }
}

/// What was run, for the reader of a single line.
pub(super) fn settings(object: Object, load: &Load) -> Object {
    object
        .text("workload", load.workload.name())
        .text("loop", if load.rate.is_some() { "open" } else { "closed" })
        .maybe("rate", load.rate)
        .count("clients", load.clients as u64)
        .count("pipeline", load.pipeline as u64)
        .count("threads", load.threads as u64)
        .count("payload", load.payload as u64)
        .text("payload_kind", load.payload_kind.name())
        .count("keys", load.keys)
        .count("count", load.count as u64)
        .count("resp", u64::from(load.resp))
}

/// Microseconds with the unit that keeps three or four digits.
pub(super) fn duration(us: f64) -> String {
    match us {
        us if us < 1e3 => format!("{us:.0} us"),
        us if us < 1e6 => format!("{:.2} ms", us / 1e3),
        us => format!("{:.2} s", us / 1e6),
    }
}

/// A rounded number with a comma at every third digit.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!([0.0, 999.4, 1000.0, 1234567.0].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([12.3, 1234.0, 2_500_000.0].map(duration), ["12 us", "1.23 ms", "2.50 s"]);
    }
}
