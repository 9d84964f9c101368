//! What one generator thread has seen. Merged once the run is over.

use hdrhistogram::Histogram;
use std::io;

/// Latencies from 100 ns to ten minutes at three significant digits.
const LOWEST_NS: u64 = 100;
const HIGHEST_NS: u64 = 600_000_000_000;

/// Counters and latencies of the measured time.
pub(super) struct Tally {
    /// Finished operations; the workload says what one is. Error replies are none.
    pub(super) operations: u64,
    /// Entries that crossed the wire, where the workload moves several in one operation; else the operations.
    pub(super) items: u64,
    /// Error replies and lost connections.
    pub(super) errors: u64,
    /// Answers without the value that was looked for: an absent key, an empty stream, a lock held by another.
    pub(super) misses: u64,
    pub(super) latency: Histogram<u64>,
    pub(super) first_error: Option<String>,
}

impl Tally {
    pub(super) fn new() -> io::Result<Self> {
        let latency = Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, 3).map_err(io::Error::other)?;
        Ok(Tally { operations: 0, items: 0, errors: 0, misses: 0, latency, first_error: None })
    }

    /// An operation that was due at `due_ns` is finished and moved `items` items.
    pub(super) fn operation(&mut self, due_ns: u64, now_ns: u64, items: u64) {
        self.operations += 1;
        self.items += items;
        self.latency.saturating_record(now_ns.saturating_sub(due_ns).max(LOWEST_NS));
    }

    pub(super) fn error(&mut self, text: impl FnOnce() -> String) {
        self.errors += 1;
        self.first_error.get_or_insert_with(text);
    }

    /// Forgets the warm-up; its errors stay, for an error is never hidden.
    pub(super) fn end_warm_up(&mut self) {
        self.operations = 0;
        self.items = 0;
        self.misses = 0;
        self.latency.reset();
    }

    pub(super) fn merge(&mut self, other: Tally) -> io::Result<()> {
        self.operations += other.operations;
        self.items += other.items;
        self.errors += other.errors;
        self.misses += other.misses;
        self.latency.add(&other.latency).map_err(io::Error::other)?;
        self.first_error = self.first_error.take().or(other.first_error);
        Ok(())
    }
}
