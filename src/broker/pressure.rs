//! Back-pressure: how far the disk is behind what was executed, and which writes have to wait for it.
//!
//! Two queues grow when the disk is slow. What is appended and not synced is what a power cut takes, so it is bounded by
//! what the disk takes in [`SYNC_PATIENCE_US`], as fast as it was lately; a sync that takes longer than that bounds it too.
//! What is in the journal and not in a checkpoint is what a restart has to replay, so it is bounded by a multiple of what
//! starts a checkpoint ([`super::budget::backlog_bytes`]); a backend that stalls ends here. Beyond a bound, calls that
//! need memory wait: those are what fills a disk. Beyond twice the bound all writes do. Reads never do.
//! Must never know: the journal, the engine. Read next: `command/gate.rs` (where calls wait).

use super::clock::Clock;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// How long a sync may take, and how long what waits for one may take to be written.
const SYNC_PATIENCE_US: u64 = 2_000_000;
/// A sync that takes less says nothing about how fast the disk is.
const TELLING_US: u64 = 200_000;
/// So much may be unsynced on the slowest disk.
const LEAST_UNSYNCED: u64 = 1 << 20;
/// So much may be unsynced while nobody knows how fast the disk is.
const FIRST_UNSYNCED: u64 = 4 << 20;

/// What writes wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behind {
    /// Nothing: the disk keeps up.
    #[default]
    Nothing,
    /// What was appended has to be synced first.
    Sync,
    /// The journal has to get shorter first.
    Checkpoint,
}

/// Who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waiting {
    /// Nobody.
    Nobody,
    /// Writes that need memory.
    Growth,
    /// All writes.
    Writes,
}

/// What is known about how the disk keeps up. Told by whoever appends, syncs and settles.
#[derive(Debug, Default)]
pub struct Pressure {
    clock: OnceLock<Clock>,
    /// What [`Pressure::judge`] found last, for calls: looked at by each of them.
    found: AtomicU8,
    appended: AtomicU64,
    synced: AtomicU64,
    /// Bytes that may be unsynced, as syncs have shown; 0 = there was none that showed anything.
    affordable: AtomicU64,
    syncs_running: AtomicU64,
    sync_began_us: AtomicU64,
    journal: AtomicU64,
    /// Bytes that the journal may hold; 0 = no bound.
    journal_limit: AtomicU64,
    /// Bytes that may be unsynced at most; 0 = no bound.
    unsynced_limit: AtomicU64,
    /// Since when somebody waits, and for how long somebody did before.
    since_us: AtomicU64,
    waited_us: AtomicU64,
    delayed_syncs: AtomicU64,
}

/// A sync that runs.
pub struct Syncing<'a> {
    pressure: &'a Pressure,
    began_us: u64,
    appended: u64,
}

impl Pressure {
    /// Lets it know how time passes. Without this, time does not.
    pub fn keep_time(&self, clock: Clock) {
        let _ = self.clock.set(clock);
    }

    /// The bounds in bytes; 0 = none.
    pub fn set_limits(&self, journal: u64, unsynced: u64) {
        self.journal_limit.store(journal, Ordering::Relaxed);
        self.unsynced_limit.store(unsynced, Ordering::Relaxed);
    }

    /// Notes that `bytes` were appended to a journal that now holds `journal` bytes.
    pub fn appended(&self, bytes: u64, journal: u64) {
        self.appended.fetch_add(bytes, Ordering::AcqRel);
        self.journal.store(journal, Ordering::Release);
        self.judge();
    }

    /// Notes how many bytes the journal holds after a checkpoint.
    pub fn settled(&self, journal: u64) {
        self.journal.store(journal, Ordering::Release);
        self.judge();
    }

    /// A sync of all that is appended begins; it ends when what this returns is dropped.
    pub fn sync(&self) -> Syncing<'_> {
        let began_us = self.now_us();
        if self.syncs_running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.sync_began_us.store(began_us, Ordering::Release);
        }
        Syncing { pressure: self, began_us, appended: self.appended.load(Ordering::Acquire) }
    }

    /// Whether so much is unsynced that a sync should not wait for its time.
    pub fn wants_sync(&self) -> bool {
        let limit = self.unsynced_limit();
        limit > 0 && self.unsynced() > limit / 2
    }

    /// Who waits, and for what.
    #[inline]
    pub fn look(&self) -> (Waiting, Behind) {
        match self.found.load(Ordering::Acquire) {
            0 => (Waiting::Nobody, Behind::Nothing),
            1 => (Waiting::Growth, Behind::Sync),
            2 => (Waiting::Growth, Behind::Checkpoint),
            3 => (Waiting::Writes, Behind::Sync),
            _ => (Waiting::Writes, Behind::Checkpoint),
        }
    }

    /// For how long writes have had to wait so far, microseconds.
    pub fn waited_us(&self) -> u64 {
        let before = self.waited_us.load(Ordering::Acquire);
        match self.since_us.load(Ordering::Acquire) {
            0 => before,
            since_us => before + self.now_us().saturating_sub(since_us),
        }
    }

    /// Syncs that took so long that writes had to wait for them.
    pub fn delayed_syncs(&self) -> u64 {
        self.delayed_syncs.load(Ordering::Relaxed)
    }

    /// Finds out again who has to wait. Called when a number changes, and every now and then, because time passes too.
    pub fn judge(&self) {
        let slow_us = self.slow_for_us();
        let unsynced = part(self.unsynced(), self.unsynced_limit()).max(slow_us as f64 / SYNC_PATIENCE_US as f64);
        let unsynced = if self.unsynced_limit.load(Ordering::Relaxed) == 0 { 0.0 } else { unsynced };
        let journal = part(self.journal.load(Ordering::Acquire), self.journal_limit.load(Ordering::Relaxed));
        let worst = unsynced.max(journal);
        let level = if worst < 1.0 { 0 } else { 1 + u8::from(journal > unsynced) + 2 * u8::from(worst >= 2.0) };
        let before = self.found.swap(level, Ordering::AcqRel);
        if (before == 0) != (level == 0) {
            self.turned(level > 0);
        }
    }

    fn turned(&self, waits: bool) {
        // 0 means that nobody waits.
        let now_us = self.now_us().max(1);
        let since_us = self.since_us.swap(if waits { now_us } else { 0 }, Ordering::AcqRel);
        if !waits && since_us > 0 {
            self.waited_us.fetch_add(now_us.saturating_sub(since_us), Ordering::AcqRel);
        }
    }

    fn unsynced(&self) -> u64 {
        self.appended.load(Ordering::Acquire).saturating_sub(self.synced.load(Ordering::Acquire))
    }

    /// What may be unsynced: what the disk takes in the time that a sync may take.
    fn unsynced_limit(&self) -> u64 {
        self.affordable().min(self.unsynced_limit.load(Ordering::Relaxed))
    }

    fn affordable(&self) -> u64 {
        match self.affordable.load(Ordering::Acquire) {
            0 => FIRST_UNSYNCED,
            affordable => affordable,
        }
    }

    /// How long the sync that runs has taken.
    fn slow_for_us(&self) -> u64 {
        if self.syncs_running.load(Ordering::Acquire) == 0 {
            return 0;
        }
        self.now_us().saturating_sub(self.sync_began_us.load(Ordering::Acquire))
    }

    fn now_us(&self) -> u64 {
        self.clock.get().map_or(0, Clock::monotonic_us)
    }

    /// Learns from a sync how fast the disk is.
    fn learn(&self, bytes: u64, took_us: u64) {
        if took_us >= TELLING_US {
            let in_time = u128::from(bytes) * u128::from(SYNC_PATIENCE_US) / u128::from(took_us);
            let in_time = u64::try_from(in_time).unwrap_or(u64::MAX).max(LEAST_UNSYNCED);
            self.affordable.store(in_time, Ordering::Release);
            self.delayed_syncs.fetch_add(u64::from(took_us >= SYNC_PATIENCE_US), Ordering::Relaxed);
        } else if bytes >= self.affordable() / 4 {
            // That was not little, and it went fast: it can take more.
            let most = self.unsynced_limit.load(Ordering::Relaxed).max(FIRST_UNSYNCED);
            self.affordable.store(self.affordable().saturating_mul(2).min(most), Ordering::Release);
        }
    }
}

impl Syncing<'_> {
    /// All that was appended before it began is durable.
    pub fn done(self) {
        let took_us = self.pressure.now_us().saturating_sub(self.began_us);
        let before = self.pressure.synced.fetch_max(self.appended, Ordering::AcqRel);
        self.pressure.learn(self.appended.saturating_sub(before), took_us);
    }
}

impl Drop for Syncing<'_> {
    fn drop(&mut self) {
        let pressure = self.pressure;
        if pressure.syncs_running.fetch_sub(1, Ordering::AcqRel) > 1 {
            pressure.sync_began_us.store(pressure.now_us(), Ordering::Release);
        }
        pressure.judge();
    }
}

/// How much of a limit is used up; 0 = there is no limit.
fn part(used: u64, limit: u64) -> f64 {
    if limit == 0 { 0.0 } else { used as f64 / limit as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::clock::ManualClock;
    use std::time::Duration;

    const MB: u64 = 1 << 20;

    fn pressure() -> (Pressure, ManualClock) {
        let (pressure, clock) = (Pressure::default(), ManualClock::at(1_000_000));
        pressure.keep_time(Clock::Manual(clock.clone()));
        pressure.set_limits(256 * MB, 32 * MB);
        // It has seen a fast disk.
        for bytes in [4 * MB, 8 * MB, 16 * MB] {
            pressure.appended(bytes, 0);
            pressure.sync().done();
        }
        (pressure, clock)
    }

    #[test]
    fn a_disk_that_nobody_knows_is_not_trusted_with_much() {
        let pressure = Pressure::default();
        pressure.set_limits(256 * MB, 32 * MB);
        pressure.appended(3 * MB, 3 * MB);
        assert_eq!((pressure.look().0, pressure.wants_sync()), (Waiting::Nobody, true));
        pressure.appended(MB, 4 * MB);
        assert_eq!(pressure.look(), (Waiting::Growth, Behind::Sync));
        pressure.sync().done();
        pressure.appended(7 * MB, 11 * MB);
        assert_eq!(pressure.look().0, Waiting::Nobody);
    }

    #[test]
    fn a_journal_that_does_not_get_shorter_stops_what_grows_and_then_all_writes() {
        let (pressure, clock) = pressure();
        pressure.appended(MB, 255 * MB);
        assert_eq!(pressure.look(), (Waiting::Nobody, Behind::Nothing));
        pressure.appended(MB, 256 * MB);
        assert_eq!(pressure.look(), (Waiting::Growth, Behind::Checkpoint));
        pressure.appended(MB, 512 * MB);
        assert_eq!(pressure.look(), (Waiting::Writes, Behind::Checkpoint));
        clock.advance(Duration::from_secs(3));
        assert_eq!(pressure.waited_us(), 3_000_000);
        pressure.settled(10 * MB);
        assert_eq!(pressure.look(), (Waiting::Nobody, Behind::Nothing));
        clock.advance(Duration::from_secs(3));
        assert_eq!(pressure.waited_us(), 3_000_000);
    }

    #[test]
    fn a_slow_sync_stops_writes_while_it_runs_and_bounds_what_comes_after_it() {
        let (pressure, clock) = pressure();
        pressure.appended(20 * MB, 20 * MB);
        assert!(pressure.wants_sync());
        let sync = pressure.sync();
        clock.advance(Duration::from_millis(1900));
        pressure.judge();
        assert_eq!(pressure.look().0, Waiting::Nobody);
        clock.advance(Duration::from_millis(200));
        pressure.judge();
        assert_eq!(pressure.look(), (Waiting::Growth, Behind::Sync));
        clock.advance(Duration::from_millis(7900));
        pressure.judge();
        assert_eq!(pressure.look(), (Waiting::Writes, Behind::Sync));
        sync.done();
        assert_eq!((pressure.look().0, pressure.delayed_syncs()), (Waiting::Nobody, 1));
        // 20 MB took ten seconds: four may wait.
        pressure.appended(3 * MB, 23 * MB);
        assert_eq!((pressure.look().0, pressure.wants_sync()), (Waiting::Nobody, true));
        pressure.appended(MB, 24 * MB);
        assert_eq!(pressure.look(), (Waiting::Growth, Behind::Sync));
        for _ in 0..5 {
            pressure.sync().done();
        }
        pressure.appended(7 * MB, 31 * MB);
        assert_eq!(pressure.look().0, Waiting::Nobody, "the disk was fast again, so twice as much may wait");
    }

    #[test]
    fn who_never_syncs_waits_for_checkpoints_only() {
        let (pressure, clock) = pressure();
        pressure.set_limits(256 * MB, 0);
        pressure.appended(200 * MB, 200 * MB);
        let sync = pressure.sync();
        clock.advance(Duration::from_secs(60));
        pressure.judge();
        assert_eq!((pressure.look().0, pressure.wants_sync()), (Waiting::Nobody, false));
        sync.done();
    }
}
