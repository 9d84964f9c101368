//! What RocksDB's background threads report: errors and stalls, counted and remembered.
//!
//! Owns: the counters behind [`Health`]. Must never know: what to do about an error; that is the caller's policy.
//! Read next: `mod.rs`.

use parking_lot::Mutex;
use rocksdb::event_listener::{
    BackgroundErrorRecoveryInfo, DBBackgroundErrorReason, DBWriteStallCondition, EventListener, MutableStatus,
    WriteStallInfo,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The condition of the background work, for INFO and for admission control.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Background errors since the start.
    pub background_errors: u64,
    /// Text of the most recent one.
    pub last_background_error: Option<String>,
    /// Recoveries from background errors since the start. Equal to or above the errors' count: all is well again.
    pub recoveries: u64,
    /// How often a family began to delay writes, since the start.
    pub delays: u64,
    /// How often a family stopped writes, since the start.
    pub stops: u64,
    /// Writes are stopped right now.
    pub write_stopped: bool,
    /// Writes are delayed right now, to so many bytes per second (0 = not delayed).
    pub delayed_write_rate: u64,
}

/// Written by RocksDB's threads, read by ours.
#[derive(Default)]
pub(super) struct Watch {
    errors: AtomicU64,
    last_error: Mutex<Option<String>>,
    recoveries: AtomicU64,
    delays: AtomicU64,
    stops: AtomicU64,
}

impl Watch {
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// Everything but the state of this moment, which only RocksDB's properties know.
    pub fn health(&self) -> Health {
        Health {
            background_errors: self.errors(),
            last_background_error: self.last_error.lock().clone(),
            recoveries: self.recoveries.load(Ordering::Relaxed),
            delays: self.delays.load(Ordering::Relaxed),
            stops: self.stops.load(Ordering::Relaxed),
            ..Health::default()
        }
    }

    fn failed(&self, text: String) {
        *self.last_error.lock() = Some(text);
        self.errors.fetch_add(1, Ordering::Relaxed);
    }
}

/// The hook RocksDB calls. Its callbacks run on RocksDB's threads, some with a lock held: they only count.
pub(super) struct Listener(pub Arc<Watch>);

impl EventListener for Listener {
    fn on_background_error(&self, reason: DBBackgroundErrorReason, status: MutableStatus) {
        let cause = status.result().as_ref().err().map_or("unknown cause", |error| error.as_ref());
        self.0.failed(format!("{} failed: {cause}", doing(reason)));
    }

    fn on_error_recovery_end(&self, info: &BackgroundErrorRecoveryInfo) {
        if info.new_bg_error().result().is_ok() {
            self.0.recoveries.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn on_stall_conditions_changed(&self, info: &WriteStallInfo) {
        match info.cur() {
            DBWriteStallCondition::KDelayed => self.0.delays.fetch_add(1, Ordering::Relaxed),
            DBWriteStallCondition::KStopped => self.0.stops.fetch_add(1, Ordering::Relaxed),
            DBWriteStallCondition::KNormal => 0,
        };
    }
}

fn doing(reason: DBBackgroundErrorReason) -> &'static str {
    match reason {
        DBBackgroundErrorReason::KFlush | DBBackgroundErrorReason::KFlushNoWAL => "flush",
        DBBackgroundErrorReason::KCompaction => "compaction",
        DBBackgroundErrorReason::KManifestWrite | DBBackgroundErrorReason::KManifestWriteNoWAL => "manifest write",
        DBBackgroundErrorReason::KWriteCallback | DBBackgroundErrorReason::KMemTable => "memtable write",
        DBBackgroundErrorReason::KAsyncFileOpen => "opening a file",
        DBBackgroundErrorReason::KUnknown => "background work",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_remembers_the_last_error() {
        let watch = Watch::default();
        assert_eq!(watch.health(), Health::default());
        watch.failed("flush failed: IO error: No space left on device".into());
        watch.failed("compaction failed: x".into());
        assert_eq!(watch.errors(), 2);
        assert_eq!(watch.health().last_background_error.as_deref(), Some("compaction failed: x"));
    }
}
