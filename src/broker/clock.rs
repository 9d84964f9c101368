//! The only source of time. Stream ids, deadlines, idle times and blocking all ask this clock; a test can move it.

use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that only moves when it is told to. Clones share the time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

/// Unix time, and how far it is ahead of the time that has passed.
#[derive(Debug)]
struct Hands {
    now_ms: AtomicI64,
    lead_ms: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `unix_ms` milliseconds.
    pub fn at(unix_ms: i64) -> ManualClock {
        ManualClock(Arc::new(Hands { now_ms: AtomicI64::new(unix_ms), lead_ms: AtomicI64::new(0) }))
    }

    /// The time in Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.0.now_ms.load(Ordering::Acquire)
    }

    /// Lets time pass until then; also back.
    pub fn set_ms(&self, unix_ms: i64) {
        self.0.now_ms.store(unix_ms, Ordering::Release);
    }

    /// Sets it, as an operator does with a machine's clock: no time passes.
    pub fn jump_to_ms(&self, unix_ms: i64) {
        let before_ms = self.0.now_ms.swap(unix_ms, Ordering::AcqRel);
        self.0.lead_ms.fetch_add(unix_ms.wrapping_sub(before_ms), Ordering::AcqRel);
    }

    /// Time that has passed, whatever it is now.
    fn passed_ms(&self) -> u64 {
        self.now_ms().saturating_sub(self.0.lead_ms.load(Ordering::Acquire)).max(0) as u64
    }

    pub(crate) fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let _ = self.0.now_ms.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| Some(now.saturating_add(ms)));
    }
}

/// Two looks at clocks that are closer together than this, in microseconds, are at one moment.
const HELD_UP_US: u64 = 10_000;

/// Where the broker gets its time from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock.
    System {
        /// The origin of [`Clock::monotonic_us`], nanoseconds of the machine's monotonic clock.
        started_ns: u64,
    },
    /// A test's clock.
    Manual(ManualClock),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Clock {
        Clock::System { started_ns: machine_ns() }
    }

    /// Unix time in milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.now_us() / 1000
    }

    /// Unix time in microseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn now_us(&self) -> i64 {
        match self {
            Clock::System { .. } => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }
            Clock::Manual(clock) => clock.now_ms().saturating_mul(1000),
        }
    }

    /// Microseconds since the broker started; never goes back. For durations.
    pub fn monotonic_us(&self) -> u64 {
        match self {
            Clock::System { started_ns } => (machine_ns() - started_ns) / 1000,
            Clock::Manual(clock) => clock.passed_ms().saturating_mul(1000),
        }
    }

    /// How far Unix time is ahead of [`Clock::monotonic_us`], milliseconds: if it changes, the machine's clock was set. None
    /// if this thread was held up between the two looks.
    pub fn lead_ms(&self) -> Option<i64> {
        let (before, now_ms, after) = (self.monotonic_us(), self.now_ms(), self.monotonic_us());
        (after.saturating_sub(before) < HELD_UP_US).then(|| now_ms - (after / 1000) as i64)
    }

    /// Whether time passes by itself.
    pub fn is_system(&self) -> bool {
        matches!(self, Clock::System { .. })
    }
}

/// The machine's monotonic clock. Not through `Instant`, which takes twice as long to say how much has elapsed: it is
/// asked for each call.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
fn machine_ns() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
