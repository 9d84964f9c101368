//! What the engine asks of the threads around it: a nearer timer, a checkpoint, the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::Notify;

/// How a broker should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Drain: answer what was executed, sync, checkpoint.
    Orderly,
    /// At once, nothing more is written (SHUTDOWN NOSAVE).
    Abrupt,
}

/// Requests from the engine to the threads around it.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    timer: Notify,
    checkpoint: AtomicBool,
    checkpoints_done: AtomicU64,
    last_checkpoint_s: AtomicU64,
    ending: parking_lot::Mutex<Option<Ending>>,
    ended: Notify,
}

impl Tasks {
    /// A nearer deadline was set.
    pub(crate) fn rearm_timer(&self) {
        self.0.timer.notify_one();
    }

    pub(crate) async fn timer_rearmed(&self) {
        self.0.timer.notified().await;
    }

    /// Asks for a checkpoint soon.
    pub fn request_checkpoint(&self) {
        self.0.checkpoint.store(true, Ordering::Release);
    }

    pub(crate) fn take_checkpoint_request(&self) -> bool {
        self.0.checkpoint.swap(false, Ordering::AcqRel)
    }

    /// Notes a checkpoint at `unix_s`.
    pub(crate) fn checkpoint_done(&self, unix_s: u64) {
        self.0.last_checkpoint_s.store(unix_s, Ordering::Release);
        self.0.checkpoints_done.fetch_add(1, Ordering::AcqRel);
    }

    /// Checkpoints so far.
    pub fn checkpoints(&self) -> u64 {
        self.0.checkpoints_done.load(Ordering::Acquire)
    }

    /// Unix time in seconds of the last checkpoint (or of the start).
    pub fn last_checkpoint_s(&self) -> u64 {
        self.0.last_checkpoint_s.load(Ordering::Acquire)
    }

    pub(crate) fn set_started(&self, unix_s: u64) {
        self.0.last_checkpoint_s.store(unix_s, Ordering::Release);
    }

    /// Asks the broker to end. The first request decides how.
    pub fn end(&self, how: Ending) {
        self.0.ending.lock().get_or_insert(how);
        self.0.ended.notify_waiters();
    }

    /// How the broker should end, once somebody asked.
    pub fn ending(&self) -> Option<Ending> {
        *self.0.ending.lock()
    }

    /// Resolves when somebody asked the broker to end.
    pub async fn ended(&self) -> Ending {
        loop {
            let notified = self.0.ended.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if let Some(how) = self.ending() {
                return how;
            }
            notified.await;
        }
    }
}
