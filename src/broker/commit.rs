//! The commit: how executed effects become durable, and the only place that appends to the journal.
//!
//! Every reply carries a [`Ticket`] and leaves when that ticket is committed. Two orders hold: batches are appended in
//! the order in which they were executed (the journal lock is taken before the engine lock, and the batch is taken
//! under both), and a ticket counts as committed only after its append returned (`everysec`, `no`) or after a sync that
//! began later (`always`). After its burst a session yields once, so the other sessions of the same turn join the batch;
//! then the first that comes commits for all: one write, however many commands and keys.
//!
//! Under `always` a committer thread appends and syncs for the whole group while the next one forms.
//! After a failed append or sync nothing is acknowledged any more: the journal is poisoned and the process must end.
//!
//! A full disk is the exception. The journal says when its room gets short; new writes are refused then
//! ([`Engine::write_trouble`]) while there is still room for what is executed. Should a batch find none, it is *held*:
//! nothing is appended before it, who waits for it or for anything later goes on waiting, and it is tried again until
//! there is room. It was executed, so it can neither be dropped nor be passed by.

mod held;
mod side;
#[cfg(test)]
mod tests;
mod turn;

use super::engine::Engine;
use super::tasks::SyncState;
use super::work::Hold;
use brooklet_storage::StorageError;
use brooklet_storage::failpoint::{self, Point};
use brooklet_storage::journal::{Journal, Mark, Syncer};
use held::Held;
use parking_lot::{Condvar, Mutex};
use side::Side;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
pub use turn::First;

/// Numbers batches; 0 stands for "nothing to wait for".
pub type Ticket = u64;

/// The journal and the state of commits.
pub struct Committer {
    journal: Mutex<Append>,
    syncer: Arc<dyn Syncer>,
    appended: AtomicU64,
    /// Tickets that are synced, and the failure that ended it all.
    durable: watch::Sender<Ticket>,
    /// Whether a batch is held. Changed under the journal's lock.
    held: watch::Sender<bool>,
    /// Whether the engine was told to refuse writes. Changed under the journal's lock.
    refusing: AtomicBool,
    failed: watch::Sender<Option<Arc<str>>>,
    sync: Arc<SyncState>,
    wanted: Mutex<Ticket>,
    bell: Condvar,
    /// Whether the last [`Committer::prepare`] failed.
    unprepared: AtomicBool,
}

struct Append {
    journal: Box<dyn Journal>,
    spare: Vec<u8>,
    mark: Mark,
    /// Nothing is appended any more: the broker has ended.
    closed: bool,
    held: Option<Held>,
    /// Where the journal stands after a held batch that a cut waits for.
    cut: Option<Mark>,
}

/// Commits stopped for ever; the text says why.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct CommitFailed(pub Arc<str>);

/// Why a session that outlives its broker gets no answer.
const ENDED: &str = "the broker has ended";

/// A spare buffer above this size is given back.
const SPARE_LIMIT: usize = 1 << 20;

/// Between two looks at whether the engine is held.
const HELD_REST: Duration = Duration::from_millis(1);

/// Between two looks at whether the next journal file is ready; and after one that failed.
const PREPARED_REST: Duration = Duration::from_millis(50);
const UNPREPARED_REST: Duration = Duration::from_millis(1000);

impl Committer {
    /// A committer behind a replayed journal that stands at `mark`. `sync` says whether commits wait for syncs.
    pub fn new(journal: Box<dyn Journal>, mark: Mark, sync: Arc<SyncState>) -> Committer {
        let syncer = journal.syncer();
        Committer {
            journal: Mutex::new(Append { journal, spare: Vec::new(), mark, closed: false, held: None, cut: None }),
            syncer,
            appended: AtomicU64::new(0),
            durable: watch::Sender::new(0),
            held: watch::Sender::new(false),
            refusing: AtomicBool::new(false),
            failed: watch::Sender::new(None),
            sync,
            wanted: Mutex::new(0),
            bell: Condvar::new(),
            unprepared: AtomicBool::new(false),
        }
    }

    /// Returns when `ticket` is committed under the policy. `first`: which sessions of the same thread run before.
    pub async fn committed(&self, engine: &Mutex<Engine>, ticket: Ticket, first: First) -> Result<(), CommitFailed> {
        // Also for a reply that waits for no commit: replies that leave together wake their readers once. And before a
        // sync, so that one sync serves all of the turn.
        first.go().await;
        if self.is_always() {
            return self.synced(ticket).await;
        }
        while !self.append(engine, ticket)? {
            self.relieved().await;
        }
        Ok(())
    }

    fn is_always(&self) -> bool {
        self.sync.always.load(Ordering::Acquire)
    }

    /// Returns when `ticket` is synced.
    pub async fn synced(&self, ticket: Ticket) -> Result<(), CommitFailed> {
        if *self.durable.borrow() >= ticket {
            return self.check();
        }
        {
            let mut wanted = self.wanted.lock();
            if *wanted < ticket {
                *wanted = ticket;
                self.bell.notify_one();
            }
        }
        let (mut durable, mut failed) = (self.durable.subscribe(), self.failed.subscribe());
        tokio::select! {
            biased;
            _ = durable.wait_for(|d| *d >= ticket) => {}
            _ = failed.wait_for(Option::is_some) => {}
        }
        self.check()
    }

    /// The ticket up to which everything is synced.
    pub fn durable(&self) -> Ticket {
        *self.durable.borrow()
    }

    /// Resolves when commits have failed.
    pub async fn failure(&self) -> CommitFailed {
        let mut failed = self.failed.subscribe();
        let why = failed.wait_for(Option::is_some).await.ok().and_then(|f| f.clone());
        CommitFailed(why.unwrap_or_else(|| "committer is gone".into()))
    }

    /// The failure that ended all commits, if there was one.
    pub fn check(&self) -> Result<(), CommitFailed> {
        match &*self.failed.borrow() {
            Some(why) => Err(CommitFailed(Arc::clone(why))),
            None => Ok(()),
        }
    }

    /// Ends all commits.
    pub fn fail(&self, error: &StorageError) -> CommitFailed {
        let why: Arc<str> = error.to_string().into();
        self.failed.send_if_modified(|failed| {
            let first = failed.is_none();
            failed.get_or_insert_with(|| Arc::clone(&why));
            first
        });
        CommitFailed(why)
    }

    /// Appends everything executed so far unless `ticket` is appended already. Says whether it is now: if not, a batch
    /// is held.
    pub fn append(&self, engine: &Mutex<Engine>, ticket: Ticket) -> Result<bool, CommitFailed> {
        self.check()?;
        if self.appended.load(Ordering::Acquire) >= ticket {
            return Ok(true);
        }
        // Before the lock: whoever tries a held batch again may keep it for a while.
        if *self.held.borrow() {
            return Ok(false);
        }
        let mut side = Side::of(self);
        if self.appended.load(Ordering::Acquire) >= ticket {
            return self.check().map(|()| true);
        }
        if side.held.is_some() {
            return Ok(false);
        }
        let spare = std::mem::take(&mut side.spare);
        let (taken, batch) = engine.lock().take_batch(spare);
        self.append_batch(&mut side, engine, taken, batch)
    }

    /// Appends a batch, or holds it. Nothing else may be held.
    fn append_batch(
        &self,
        side: &mut Append,
        engine: &Mutex<Engine>,
        ticket: Ticket,
        batch: Vec<u8>,
    ) -> Result<bool, CommitFailed> {
        self.check()?;
        // Also with an empty batch: what this ticket stands for may have been in one that was refused.
        if side.closed && ticket > self.appended.load(Ordering::Acquire) {
            return Err(CommitFailed(ENDED.into()));
        }
        if !batch.is_empty() {
            match self.write(side, &batch) {
                Ok(()) => {}
                Err(full) if full.is_full() => {
                    side.held = Some(Held { ticket, batch, is_cut: false });
                    self.held.send_replace(true);
                    self.refuse_writes(engine);
                    return Ok(false);
                }
                Err(error) => return Err(self.fail(&error)),
            }
            if side.journal.is_short() {
                self.refuse_writes(engine);
            }
        }
        if batch.capacity() <= SPARE_LIMIT {
            side.spare = batch;
        }
        failpoint::pass(Point::CommitAppended);
        self.appended.fetch_max(ticket, Ordering::AcqRel);
        Ok(true)
    }

    /// Appends to the journal, and notes how far the disk is behind then.
    fn write(&self, side: &mut Append, batch: &[u8]) -> Result<(), StorageError> {
        failpoint::at(Point::CommitAppend)?;
        side.mark = side.journal.append(batch)?;
        self.sync.pressure.appended(batch.len() as u64, side.journal.live_bytes());
        Ok(())
    }

    /// Appends what was executed so far, and nothing ever after.
    pub fn close(&self, engine: &Mutex<Engine>) -> Result<(), CommitFailed> {
        let mut side = Side::of(self);
        failpoint::pass(Point::CommitClose);
        let closed = self.append_rest(&mut side, engine);
        side.closed = true;
        closed
    }

    fn append_rest(&self, side: &mut Append, engine: &Mutex<Engine>) -> Result<(), CommitFailed> {
        if self.try_held(side)?.is_none() {
            let (ticket, batch) = engine.lock().take_batch(Vec::new());
            self.append_batch(side, engine, ticket, batch)?;
        }
        // What is held now was never acknowledged.
        self.try_held(side)?.map_or(Ok(()), |full| Err(self.fail(&full)))
    }

    /// Answers whoever still waits for a commit that will never come.
    pub fn release(&self) {
        self.failed.send_if_modified(|failed| failed.replace(ENDED.into()).is_none());
    }

    /// Takes a cut of the state: commits what is executed and lets `cut` read the engine at exactly that commit. Waits
    /// while a batch is held: a cut holds all that was executed, and the journal must hold it first. Waits, too, while
    /// unfinished work holds the engine: what that has done is no state that anybody may see.
    pub fn cut<T>(
        &self,
        engine: &Mutex<Engine>,
        cut: impl FnOnce(&mut Engine) -> T,
    ) -> Result<(Mark, T), CommitFailed> {
        let (mut side, mut locked) = loop {
            let side = self.wait_for(|side| side.held.is_none().then_some(()))?.0;
            let locked = engine.lock();
            match locked.hold_state() {
                Hold::None => break (side, locked),
                Hold::ForEver => return Err(CommitFailed(ENDED.into())),
                Hold::Held => {}
            }
            drop((side, locked));
            std::thread::sleep(HELD_REST);
        };
        let (ticket, batch) = locked.take_batch(std::mem::take(&mut side.spare));
        let result = cut(&mut locked);
        drop(locked);
        if self.append_batch(&mut side, engine, ticket, batch)? {
            return Ok((side.mark, result));
        }
        if let Some(held) = &mut side.held {
            held.is_cut = true;
        }
        drop(side);
        let (_, mark) = self.wait_for(|side| side.cut.take())?;
        Ok((mark, result))
    }

    /// Syncs everything appended so far.
    pub fn sync(&self) -> Result<Mark, CommitFailed> {
        self.check()?;
        let ticket = self.appended.load(Ordering::Acquire);
        let syncing = self.sync.pressure.sync();
        let synced = failpoint::at(Point::CommitSync).and_then(|()| self.syncer.sync());
        let mark = synced.map_err(|e| self.fail(&e))?;
        syncing.done();
        failpoint::pass(Point::CommitSynced);
        self.durable.send_if_modified(|durable| {
            let newer = *durable < ticket;
            *durable = ticket.max(*durable);
            newer
        });
        self.sync.synced.fetch_max(ticket, Ordering::AcqRel);
        Ok(mark)
    }

    /// Gets files ready that the next appends will need, so that no append has to; says how long to rest before the
    /// next time. A failure ends nothing and is told once: the file in use may have room for long, and a checkpoint may
    /// give others back.
    pub fn prepare(&self) -> Duration {
        let outcome = self.syncer.prepare();
        let was_unprepared = self.unprepared.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Ok(()) if was_unprepared => tracing::info!("journal: the next file is ready again"),
            Err(why) if !was_unprepared => tracing::warn!("journal: the next file cannot be made ready: {why}"),
            _ => {}
        }
        if self.unprepared.load(Ordering::Relaxed) { UNPREPARED_REST } else { PREPARED_REST }
    }

    /// One round of the committer thread: waits up to `patience` for somebody who needs a sync, then serves the whole
    /// group. Returns the durable mark if it synced.
    pub fn serve_always(&self, engine: &Mutex<Engine>, patience: Duration) -> Result<Option<Mark>, CommitFailed> {
        let wanted = {
            let mut wanted = self.wanted.lock();
            if *wanted <= self.durable() {
                self.bell.wait_for(&mut wanted, patience);
            }
            *wanted
        };
        if wanted <= self.durable() {
            return Ok(None);
        }
        let appended = self.append(engine, wanted)?;
        let mark = self.sync()?;
        if !appended {
            std::thread::sleep(patience);
        }
        Ok(Some(mark))
    }

    /// Gives the journal's space back through a commit that is settled. Files are renamed and deleted without the lock,
    /// because sessions append under it.
    pub fn drop_through(&self, commit: u64) -> Result<(), CommitFailed> {
        let released = {
            let mut side = Side::of(self);
            let released = side.journal.release_through(commit);
            self.sync.pressure.settled(side.journal.live_bytes());
            released
        };
        released.give_back().map_err(|e| self.fail(&e))
    }

    /// Bytes a restart would have to replay.
    pub fn journal_bytes(&self) -> u64 {
        self.journal.lock().journal.live_bytes()
    }

    /// Bytes of files that a checkpoint gives back.
    pub fn closed_journal_bytes(&self) -> u64 {
        self.journal.lock().journal.closed_bytes()
    }

    /// Bytes a restart would have to replay, unless an append is under way.
    pub fn try_journal_bytes(&self) -> Option<u64> {
        self.journal.try_lock().map(|side| side.journal.live_bytes())
    }
}
