//! When the cycles of an open loop fall due, and the thread that wakes the generators for them.
//!
//! Cycle `k` of all is due at `k` gaps after the start and belongs to connection `k` modulo the connections. So the due
//! time of a connection's next cycle is computed, not stored: however far a server falls behind, nothing grows.

use super::clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use tokio::sync::Notify;

/// The generators are woken at most once in this time; at higher rates, for several cycles at once.
const STEP_NS: u64 = 50_000;
/// The longest sleep, so that a stop is seen at low rates too.
const NAP_NS: u64 = 50_000_000;

/// Due times of an open loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) start_ns: u64,
    pub(super) gap_ns: f64,
    pub(super) connections: u64,
    /// Cycles in the whole run.
    pub(super) total: u64,
}

impl Schedule {
    pub(super) fn due_ns(&self, cycle: u64) -> u64 {
        self.start_ns + (cycle as f64 * self.gap_ns) as u64
    }

    /// The number of `connection`'s cycle `nth` among all cycles; `None` after the last.
    pub(super) fn cycle(&self, connection: u64, nth: u64) -> Option<u64> {
        let cycle = nth * self.connections + connection;
        (cycle < self.total).then_some(cycle)
    }

    /// How many cycles are due at `now_ns`.
    pub(super) fn due_by(&self, now_ns: u64) -> u64 {
        match now_ns.checked_sub(self.start_ns) {
            None => 0,
            Some(passed) => ((passed as f64 / self.gap_ns) as u64 + 1).min(self.total),
        }
    }
}

/// An open loop that all generator threads share.
#[derive(Debug)]
pub(super) struct OpenLoop {
    pub(super) schedule: Schedule,
    /// Operations and errors so far; the run is over when all that fell due are finished.
    pub(super) finished: AtomicU64,
    /// A script had nothing more to do before the schedule ended: what falls due from then on is not owed.
    pub(super) drained: AtomicBool,
}

impl OpenLoop {
    pub(super) fn new(schedule: Schedule) -> OpenLoop {
        OpenLoop { schedule, finished: AtomicU64::new(0), drained: AtomicBool::new(false) }
    }

    /// Cycles that are owed an answer and have none so far.
    pub(super) fn unfinished(&self, now_ns: u64) -> u64 {
        if self.drained.load(Ordering::Relaxed) {
            return 0;
        }
        self.schedule.due_by(now_ns).saturating_sub(self.finished.load(Ordering::Relaxed))
    }

    pub(super) fn all_finished(&self) -> bool {
        self.finished.load(Ordering::Relaxed) >= self.schedule.total
    }
}

/// Wakes the generators when cycles fall due. A thread of its own, because the runtime's timers count milliseconds and
/// the kernel's count nanoseconds.
pub(super) struct Pacer {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Pacer {
    pub(super) fn start(schedule: Schedule, generators: Vec<Arc<Notify>>) -> Pacer {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || pace(&schedule, &generators, &stopped));
        Pacer { stop, thread: Some(thread) }
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn pace(schedule: &Schedule, generators: &[Arc<Notify>], stop: &AtomicBool) {
    // Without this the kernel adds up to 50 microseconds to every sleep; where it refuses, they are measured as latency.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
    let (mut next, mut woken_ns) = (0, 0);
    while next < schedule.total && !stop.load(Ordering::Relaxed) {
        let wake_ns = schedule.due_ns(next).max(woken_ns + STEP_NS);
        clock::sleep_until(wake_ns.min(clock::now_ns() + NAP_NS));
        if clock::now_ns() < wake_ns {
            continue;
        }
        woken_ns = clock::now_ns();
        next = schedule.due_by(woken_ns);
        generators.iter().for_each(|generator| generator.notify_one());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cycle_belongs_to_one_connection() {
        let schedule = Schedule { start_ns: 100, gap_ns: 10.0, connections: 3, total: 8 };
        let mut all: Vec<u64> = (0..3).flat_map(|c| (0..).map_while(move |n| schedule.cycle(c, n))).collect();
        all.sort_unstable();
        assert_eq!(all, (0..8).collect::<Vec<_>>());
        assert_eq!([99, 100, 109, 110, 1000].map(|t| schedule.due_by(t)), [0, 1, 1, 2, 8]);
        assert_eq!(schedule.due_ns(2), 120);
    }
}
