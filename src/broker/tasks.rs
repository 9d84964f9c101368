//! What the engine asks of the threads around it: a nearer timer, a sync, a checkpoint, the end; and what they tell it.
//!
//! Requests that somebody waits for are numbered: whoever asked looks whether its number has been served.

use super::backup::Backups;
use super::pressure::Pressure;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use tokio::sync::Notify;

/// How a broker should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Drain: answer what was executed, then sync.
    Orderly,
    /// At once, nothing more is written (SHUTDOWN NOSAVE).
    Abrupt,
}

/// What the engine and the committer know of each other.
#[derive(Debug, Default)]
pub struct SyncState {
    /// Whether a commit counts only once it is synced (`appendfsync always`). Follows the option.
    pub always: AtomicBool,
    /// The ticket that somebody wants synced before its time (WAITAOF).
    pub wanted: AtomicU64,
    /// The ticket up to which everything is synced.
    pub synced: AtomicU64,
    /// Whether writes have to wait for the disk.
    pub pressure: Pressure,
}

/// Requests from the engine to the threads around it.
#[derive(Clone, Debug, Default)]
pub struct Tasks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    by_hand: bool,
    timer: OnceLock<Thread>,
    sync: Arc<SyncState>,
    checkpoint_wanted: AtomicU64,
    checkpoint_taken: AtomicU64,
    checkpoint_served: AtomicU64,
    checkpoints_done: AtomicU64,
    last_checkpoint_s: AtomicU64,
    /// When the checkpoint that is under way began, and how many seconds the last one took and one more; 0 = there is none.
    checkpoint_begun_s: AtomicU64,
    last_checkpoint_took: AtomicU64,
    /// Objects that the checkpoint under way has gathered, and those there were to gather when it began.
    checkpoint_gathered: AtomicU64,
    checkpoint_objects: AtomicU64,
    backups: Backups,
    ending: parking_lot::Mutex<Option<Ending>>,
    ended: Notify,
    drained: AtomicBool,
}

impl Tasks {
    /// There are no threads: every step is taken by hand, as in a simulation.
    pub fn by_hand() -> Tasks {
        Tasks(Arc::new(Inner { by_hand: true, ..Inner::default() }))
    }

    /// Whether no real time may decide anything.
    pub fn is_by_hand(&self) -> bool {
        self.0.by_hand
    }

    /// A nearer deadline was set.
    pub(crate) fn rearm_timer(&self) {
        if let Some(timer) = self.0.timer.get() {
            timer.unpark();
        }
    }

    /// The thread that a nearer deadline wakes.
    pub(crate) fn set_timer(&self, thread: Thread) {
        let _ = self.0.timer.set(thread);
    }

    /// The state of syncing, shared with the committer.
    pub fn sync(&self) -> &Arc<SyncState> {
        &self.0.sync
    }

    /// Asks for everything up to `ticket` to be synced soon.
    pub fn request_sync(&self, ticket: u64) {
        self.0.sync.wanted.fetch_max(ticket, Ordering::AcqRel);
    }

    /// The state of backups.
    pub fn backups(&self) -> &Backups {
        &self.0.backups
    }

    /// Asks for a checkpoint, and a backup of what is on disk then; the number of [`Backups::served`] that tells of its end.
    pub fn request_backup(&self) -> u64 {
        let request = self.0.backups.request();
        self.request_checkpoint();
        request
    }

    /// Asks for a checkpoint soon; it is done when [`Tasks::checkpoint_served`] reaches the number.
    pub fn request_checkpoint(&self) -> u64 {
        self.0.checkpoint_wanted.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The number of the last request, if there is a new one. The checkpoint that begins after this serves it.
    pub(crate) fn take_checkpoint_request(&self) -> Option<u64> {
        let wanted = self.0.checkpoint_wanted.load(Ordering::Acquire);
        (self.0.checkpoint_taken.swap(wanted, Ordering::AcqRel) < wanted).then_some(wanted)
    }

    /// The last request that was served.
    pub fn checkpoint_served(&self) -> u64 {
        self.0.checkpoint_served.load(Ordering::Acquire)
    }

    /// Whether a requested checkpoint is not done yet.
    pub fn checkpoint_under_way(&self) -> bool {
        self.checkpoint_served() < self.0.checkpoint_taken.load(Ordering::Acquire)
    }

    /// A checkpoint of about so many objects begins; [`Tasks::checkpoint_ended`] follows, whatever comes of it.
    pub(crate) fn checkpoint_began(&self, unix_s: u64, objects: usize) {
        self.0.checkpoint_objects.store(objects as u64, Ordering::Release);
        self.0.checkpoint_begun_s.store(unix_s, Ordering::Release);
    }

    /// No checkpoint is under way.
    pub(crate) fn checkpoint_ended(&self) {
        self.0.checkpoint_begun_s.store(0, Ordering::Release);
        self.0.checkpoint_objects.store(0, Ordering::Release);
        self.0.checkpoint_gathered.store(0, Ordering::Release);
    }

    /// The checkpoint under way has gathered so many objects more.
    pub(crate) fn checkpoint_gathered(&self, objects: usize) {
        self.0.checkpoint_gathered.fetch_add(objects as u64, Ordering::AcqRel);
    }

    /// Objects that the checkpoint under way has gathered, and how many there are to gather, about; zeros without one.
    pub fn checkpoint_progress(&self) -> (u64, u64) {
        let gathered = self.0.checkpoint_gathered.load(Ordering::Acquire);
        // What changes meanwhile is gathered again.
        (gathered, self.0.checkpoint_objects.load(Ordering::Acquire).max(gathered))
    }

    /// Unix time in seconds at which the checkpoint that is under way began.
    pub fn checkpoint_begun_s(&self) -> Option<u64> {
        Some(self.0.checkpoint_begun_s.load(Ordering::Acquire)).filter(|at| *at > 0)
    }

    /// Seconds that the last checkpoint took.
    pub fn last_checkpoint_took_s(&self) -> Option<u64> {
        self.0.last_checkpoint_took.load(Ordering::Acquire).checked_sub(1)
    }

    /// Notes a checkpoint at `unix_s` that serves all requests through `request`.
    pub(crate) fn checkpoint_done(&self, unix_s: u64, request: Option<u64>) {
        self.0.last_checkpoint_s.store(unix_s, Ordering::Release);
        let took_s = unix_s.saturating_sub(self.checkpoint_begun_s().unwrap_or(unix_s));
        self.0.last_checkpoint_took.store(took_s + 1, Ordering::Release);
        self.0.checkpoints_done.fetch_add(1, Ordering::AcqRel);
        if let Some(request) = request {
            self.0.checkpoint_served.fetch_max(request, Ordering::AcqRel);
        }
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
        self.rearm_timer();
    }

    /// Tells that all sessions have ended and nothing more will be committed: the threads may finish.
    pub(crate) fn finish(&self) {
        self.0.drained.store(true, Ordering::Release);
    }

    /// Whether nothing more will be committed.
    pub(crate) fn is_finishing(&self) -> bool {
        self.0.drained.load(Ordering::Acquire)
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
