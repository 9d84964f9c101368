//! What leases count: plain numbers that anybody can read and hand to the metrics of their choice.

use super::guard::LossReason;
use crate::clock::{AtomicMoment, Moment};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The numbers as they were when asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseStats {
    /// Times the lease was won.
    pub won: u64,
    /// Times it was lost, against our will.
    pub lost: u64,
    /// Times it was given back.
    pub released: u64,
    /// Tries to get it that ended without it.
    pub not_obtained: u64,
    /// Tries to get it that failed.
    pub acquire_failures: u64,
    /// Renewals that worked.
    pub renewals: u64,
    /// Renewals that failed, each try.
    pub renew_failures: u64,
    /// How long the last renewal took.
    pub last_renewal_took: Option<Duration>,
    /// How long the slowest renewal took.
    pub slowest_renewal: Option<Duration>,
    /// Time since the last proof that the lease is ours: a win or a renewal. None before the first win.
    pub since_renewal: Option<Duration>,
}

/// Where they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    won: AtomicU64,
    lost: AtomicU64,
    released: AtomicU64,
    not_obtained: AtomicU64,
    acquire_failures: AtomicU64,
    renewals: AtomicU64,
    renew_failures: AtomicU64,
    last_us: AtomicU64,
    slowest_us: AtomicU64,
    proven: AtomicMoment,
}

impl Counters {
    pub(crate) fn won(&self) {
        self.won.fetch_add(1, Relaxed);
        self.proven.set(Moment::now());
    }

    pub(crate) fn lost(&self, reason: LossReason) {
        let counter = if reason == LossReason::Released { &self.released } else { &self.lost };
        counter.fetch_add(1, Relaxed);
    }

    pub(crate) fn not_obtained(&self) {
        self.not_obtained.fetch_add(1, Relaxed);
    }

    pub(crate) fn acquire_failed(&self) {
        self.acquire_failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn renewed(&self, took: Duration) {
        self.renewals.fetch_add(1, Relaxed);
        self.proven.set(Moment::now());
        // Never zero, which says that there was none.
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.last_us.store(micros, Relaxed);
        self.slowest_us.fetch_max(micros, Relaxed);
    }

    pub(crate) fn renew_failed(&self) {
        self.renew_failures.fetch_add(1, Relaxed);
    }

    pub(crate) fn snapshot(&self) -> LeaseStats {
        let time = |micros: &AtomicU64| Some(micros.load(Relaxed)).filter(|us| *us > 0).map(Duration::from_micros);
        LeaseStats {
            won: self.won.load(Relaxed),
            lost: self.lost.load(Relaxed),
            released: self.released.load(Relaxed),
            not_obtained: self.not_obtained.load(Relaxed),
            acquire_failures: self.acquire_failures.load(Relaxed),
            renewals: self.renewals.load(Relaxed),
            renew_failures: self.renew_failures.load(Relaxed),
            last_renewal_took: time(&self.last_us),
            slowest_renewal: time(&self.slowest_us),
            since_renewal: self.proven.get().map(Moment::elapsed),
        }
    }
}
