//! The figures of one run, derived from what was counted.

use super::generator::Measured;
use super::process::Sample;

/// Latency at the quantiles that are shown, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Latency {
    pub(super) p50_us: f64,
    pub(super) p90_us: f64,
    pub(super) p99_us: f64,
    pub(super) p99_9_us: f64,
    pub(super) max_us: f64,
}

/// What one process used, per operation where that makes sense.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) user_us: f64,
    pub(super) system_us: f64,
    /// Of one core.
    pub(super) cpu_percent: f64,
    pub(super) peak_rss_bytes: u64,
    pub(super) written_bytes: Option<u64>,
}

impl Usage {
    /// User and system time of an operation.
    pub(super) fn cpu_us(&self) -> f64 {
        self.user_us + self.system_us
    }
}

/// The figures of one run.
#[derive(Clone, Debug)]
pub(super) struct Figures {
    pub(super) operations: u64,
    pub(super) items: u64,
    pub(super) errors: u64,
    pub(super) misses: u64,
    pub(super) unfinished: u64,
    pub(super) seconds: f64,
    pub(super) latency: Latency,
    /// None without a process to look at, or without an operation to divide by.
    pub(super) server: Option<Usage>,
    pub(super) generator: Option<Usage>,
    pub(super) first_error: Option<String>,
    pub(super) interrupted: bool,
}

impl Figures {
    pub(super) fn new(measured: Measured, server: Option<Sample>, generator: Option<Sample>) -> Figures {
        let (tally, seconds) = (measured.tally, measured.seconds);
        let at = |quantile| tally.latency.value_at_quantile(quantile) as f64 / 1e3;
        let latency = Latency {
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p99_9_us: at(0.999),
            max_us: tally.latency.max() as f64 / 1e3,
        };
        let operations = tally.operations as f64;
        let any = tally.operations > 0;
        let usage = |sample: Sample| Usage {
            user_us: sample.user_us / operations,
            system_us: sample.system_us / operations,
            cpu_percent: sample.cpu_us() / seconds / 1e4,
            peak_rss_bytes: sample.peak_rss_bytes,
            written_bytes: sample.written_bytes,
        };
        Figures {
            operations: tally.operations,
            items: tally.items,
            errors: tally.errors,
            misses: tally.misses,
            unfinished: measured.unfinished,
            seconds,
            latency,
            server: server.filter(|_| any).map(usage),
            generator: generator.filter(|_| any).map(usage),
            first_error: tally.first_error,
            interrupted: measured.interrupted,
        }
    }

    pub(super) fn operations_per_s(&self) -> f64 {
        self.operations as f64 / self.seconds.max(1e-9)
    }

    pub(super) fn items_per_s(&self) -> f64 {
        self.items as f64 / self.seconds.max(1e-9)
    }

    /// Bytes the server had written to storage for each operation.
    pub(super) fn written_per_operation(&self) -> Option<f64> {
        Some(self.server?.written_bytes? as f64 / self.operations.max(1) as f64)
    }

    /// The generator had hardly time left: the figures may be its own.
    pub(super) fn generator_saturated(&self, threads: usize) -> bool {
        self.generator.is_some_and(|usage| usage.cpu_percent > 90.0 * threads as f64)
    }
}
