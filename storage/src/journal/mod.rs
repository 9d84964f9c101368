//! The journal: the one sequential log of committed batches, and the only thing a reply waits for.
//!
//! One record per commit group, however many keys it touches. A record carries its commit number and a checksum
//! chained over all records before it, so neither a stale record in a recycled file nor a missing one goes unseen.
//!
//! Owns: the contract of a journal, and its implementations below. Must never know: what a payload means.
//! Read next: `file.rs` (the one on disk), `memory.rs` (the ones that are not).

pub mod file;
mod inspect;
mod live;
pub mod memory;
pub(crate) mod record;
mod replay;
pub(crate) mod segment;
mod spare;
mod sync;
mod tail;
#[cfg(test)]
mod tests;

pub use file::{FileJournal, FileJournalOptions};
pub use inspect::{Inspected, SegmentSeen, begins_after, inspect};
pub use memory::{MemoryJournal, NoJournal};

use crate::error::Result;
use crate::failpoint::{self, Point};
use std::path::PathBuf;
use std::sync::Arc;

/// The number of a commit; 1 is the first of a new store, each next one is larger by one.
pub type CommitNo = u64;

/// Where a journal stands: the last commit and the chained checksum that includes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The last commit (0 = none yet).
    pub commit: CommitNo,
    /// xxh3-64 chained over every payload up to and including that commit.
    pub chain: u64,
}

/// The append side. One owner at a time (the committer), so `&mut`.
pub trait Journal: Send {
    /// Calls `visit` for every record after `applied`, in order, and leaves the journal ready to append behind the
    /// last intact one. Called once, before any append. Returns the last mark (`applied` if there is nothing after it).
    fn replay(&mut self, applied: Mark, visit: &mut dyn FnMut(CommitNo, &[u8]) -> Result<()>) -> Result<Mark>;

    /// Bytes that [`Journal::replay`] will read at most after `applied`; 0 = nobody knows.
    fn replay_bytes(&self, _applied: Mark) -> Result<u64> {
        Ok(0)
    }

    /// Appends one record with one write; durable only after [`Syncer::sync`]. Returns the new mark. After an error that
    /// [`StorageError::is_full`] nothing was appended, and the same may be tried again; after any other all is over.
    ///
    /// [`StorageError::is_full`]: crate::StorageError::is_full
    fn append(&mut self, payload: &[u8]) -> Result<Mark>;

    /// The durable side, usable from another thread while appends go on.
    fn syncer(&self) -> Arc<dyn Syncer>;

    /// Lets go of all records up to and including `commit` (they are in the backend now). Only memory work, because
    /// appends wait for whoever holds the journal: what it returns gives their space back, and needs no journal for it.
    fn release_through(&mut self, commit: CommitNo) -> Released;

    /// [`Journal::release_through`] and the giving back in one.
    fn drop_through(&mut self, commit: CommitNo) -> Result<()> {
        self.release_through(commit).give_back()
    }

    /// Whether the disk is full and what is left in the journal's own files should go to what is executed already. So
    /// who refuses new writes then will hardly ever see an append fail.
    fn is_short(&self) -> bool {
        false
    }

    /// Bytes of live records since the last [`Journal::release_through`].
    fn live_bytes(&self) -> u64;

    /// Bytes of the files that a checkpoint gives back. More than [`Journal::live_bytes`] where processes ended soon after
    /// their start, one after the other: each begins a file.
    fn closed_bytes(&self) -> u64 {
        0
    }

    /// After [`Journal::replay`]: what lies on disk behind the end of the log and does not continue it, in words for an
    /// operator. Normal after a power cut that took unsynced records; whether anything durable is missing, the
    /// watermark says.
    fn tail_damage(&self) -> Option<&str> {
        None
    }

    /// After [`Journal::replay`]: a commit that the journal itself knows to have been durable once. Recovering less is
    /// loss, also where the watermark was lost too. Lags behind: 0 says nothing.
    fn known_durable(&self) -> CommitNo {
        0
    }
}

/// Files that nobody will read again, still in their place.
#[derive(Debug, Default)]
#[must_use = "the space comes back with `give_back`"]
pub struct Released {
    paths: Vec<PathBuf>,
    shared: Option<Arc<sync::Shared>>,
}

impl Released {
    /// Renames or deletes the files, the oldest first. A crash on the way leaves files that the next start finds dead.
    pub fn give_back(self) -> Result<()> {
        let Some(shared) = self.shared else { return Ok(()) };
        failpoint::at(Point::JournalGiveBack)?;
        self.paths.iter().try_for_each(|path| shared.spares.give(path))
    }
}

/// Makes appended records durable.
pub trait Syncer: Send + Sync {
    /// fdatasync of everything appended before the call; returns the mark that is durable now. After one failure every
    /// later sync and append fails: what became of the failed records is unknown until the journal is opened again.
    fn sync(&self) -> Result<Mark>;

    /// Prepares what the next appends will need, so that they need not. For a background thread, as often as it likes:
    /// returns at once when there is nothing to do, and else writes and syncs a whole file, so nothing that somebody
    /// waits for belongs on that thread. A failure ends nothing: the next append does it itself, or says why not.
    fn prepare(&self) -> Result<()> {
        Ok(())
    }
}
