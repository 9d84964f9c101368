//! The generator's clock: nanoseconds since the tool began. One place, so that stamps of all threads compare.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

static ORIGIN: OnceLock<Instant> = OnceLock::new();

fn origin() -> Instant {
    *ORIGIN.get_or_init(Instant::now)
}

/// Nanoseconds since the first call.
pub(super) fn now_ns() -> u64 {
    u64::try_from(origin().elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The instant of `ns`, for timers.
pub(super) fn instant(ns: u64) -> Instant {
    origin() + Duration::from_nanos(ns)
}

/// Blocks this thread until `ns`.
pub(super) fn sleep_until(ns: u64) {
    std::thread::sleep(Duration::from_nanos(ns.saturating_sub(now_ns())));
}
