//! This machine's own time-line: what a lease is judged by. Nobody can set it, and it goes on while the machine sleeps.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment on the time-line that began when the machine did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(Duration);

impl Moment {
    /// Now. `Instant` would stand still on Linux while a laptop or a virtual machine sleeps, and a leader that wakes up
    /// would go on believing in a lease that is long gone.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that asks for the time")]
    pub(crate) fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
        Self(Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default()))
    }

    /// Now.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    #[expect(clippy::disallowed_methods, reason = "the one place of this crate that asks for the time")]
    pub(crate) fn now() -> Self {
        static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        // Never the zero of the line, which means "no longer".
        Self(BEGIN.get_or_init(std::time::Instant::now).elapsed() + Duration::from_secs(1))
    }

    /// So much later.
    pub(crate) fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// How long it is until then; nothing if it is past.
    pub(crate) fn left(self) -> Duration {
        self.0.saturating_sub(Self::now().0)
    }

    /// How long ago it was; nothing if it is to come.
    pub(crate) fn elapsed(self) -> Duration {
        Self::now().0.saturating_sub(self.0)
    }

    /// Waits until then.
    pub(crate) async fn reached(self) {
        // In steps: the runtime's timers stand still while the machine sleeps.
        while !self.left().is_zero() {
            tokio::time::sleep(self.left().min(Duration::from_secs(1))).await;
        }
    }
}

/// A moment that many may read and one moves. Zero: never.
#[derive(Debug, Default)]
pub(crate) struct AtomicMoment(AtomicU64);

impl AtomicMoment {
    pub(crate) fn set(&self, at: Moment) {
        self.0.store(u64::try_from(at.0.as_micros()).unwrap_or(u64::MAX), Ordering::Release);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Release);
    }

    pub(crate) fn get(&self) -> Option<Moment> {
        let micros = self.0.load(Ordering::Acquire);
        (micros > 0).then(|| Moment(Duration::from_micros(micros)))
    }
}
