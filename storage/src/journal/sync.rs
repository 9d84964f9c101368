//! Making appended records durable, from any thread.
//!
//! Owns: what is appended but not yet durable, and the memory of a failed sync. Must never know: how a record looks.
//! Read next: `file.rs` (the appending side).
//!
//! A failed fdatasync is final. The kernel may have dropped the very pages it could not write, so a second attempt that
//! succeeds proves nothing; from then on every sync and every append fails.

use super::segment::Segment;
use super::spare::SparePool;
use super::{Mark, Syncer};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use parking_lot::Mutex;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What the appending and the syncing side share.
#[derive(Debug)]
pub(super) struct Shared {
    /// The folder of the segments.
    pub folder: PathBuf,
    /// Files to switch to.
    pub spares: SparePool,
    names: File,
    /// Locked for a few instructions, never over a system call.
    state: Mutex<State>,
    /// Held during a sync: a second caller waits and then finds its work done.
    turn: Mutex<()>,
    poison: OnceLock<String>,
}

#[derive(Debug, Default)]
struct State {
    appended: Mark,
    durable: Mark,
    /// Segments with writes that no sync has covered yet, oldest first.
    unsynced: Vec<Arc<Segment>>,
    /// Whether a segment got its name since the last sync.
    renamed: bool,
}

impl Shared {
    /// For the journal in `folder`.
    pub fn open(folder: &Path, spares: SparePool) -> Result<Shared> {
        Ok(Shared {
            folder: folder.to_path_buf(),
            spares,
            names: File::open(folder).map_err(StorageError::io("open folder", folder))?,
            state: Mutex::default(),
            turn: Mutex::new(()),
            poison: OnceLock::new(),
        })
    }

    /// After replay. What was replayed may be in the page cache only: `segments` are synced with the next call.
    pub fn begin(&self, appended: Mark, durable: Mark, segments: Vec<Arc<Segment>>) {
        *self.state.lock() = State { appended, durable, renamed: !segments.is_empty(), unsynced: segments };
    }

    /// Notes that `segment` now ends with `mark`.
    pub fn appended(&self, mark: Mark, segment: &Arc<Segment>) {
        let mut state = self.state.lock();
        state.appended = mark;
        if state.unsynced.last().is_none_or(|last| !Arc::ptr_eq(last, segment)) {
            state.unsynced.push(segment.clone());
        }
    }

    /// Notes that a segment was begun.
    pub fn begun(&self) {
        self.state.lock().renamed = true;
    }

    /// Takes segments out that will not be read again.
    pub fn dropped(&self, paths: &[PathBuf]) {
        self.state.lock().unsynced.retain(|segment| !paths.contains(&segment.path));
    }

    /// What is durable.
    pub fn durable(&self) -> Mark {
        self.state.lock().durable
    }

    /// Makes the names of the segments durable.
    pub fn sync_names(&self) -> Result<()> {
        failpoint::sync(Point::JournalNamesSync, || self.names.sync_all())
            .map_err(StorageError::io("sync folder", &self.folder))
    }

    /// An error if an earlier write or sync failed.
    pub fn check(&self) -> Result<()> {
        self.poison.get().map_or(Ok(()), |why| Err(StorageError::Poisoned(why.clone())))
    }

    /// Remembers a failure for good, unless it is a full disk: nothing was lost then, and room can be made.
    pub fn failed_write(&self, error: StorageError) -> StorageError {
        if error.is_full() { error } else { self.failed(error) }
    }

    /// Remembers a failure for good.
    pub fn failed(&self, error: StorageError) -> StorageError {
        self.poison.get_or_init(|| error.to_string());
        error
    }

    fn sync_files(&self, segments: &[Arc<Segment>], names: bool) -> Result<()> {
        for segment in segments {
            failpoint::sync(Point::JournalSync, || segment.file.sync_data())
                .map_err(StorageError::io("sync journal", &segment.path))?;
        }
        if names { self.sync_names() } else { Ok(()) }
    }
}

impl Syncer for Shared {
    fn sync(&self) -> Result<Mark> {
        let _turn = self.turn.lock();
        self.check()?;
        let (target, segments, renamed) = {
            let mut state = self.state.lock();
            (state.appended, std::mem::take(&mut state.unsynced), std::mem::take(&mut state.renamed))
        };
        self.sync_files(&segments, renamed).map_err(|error| self.failed(error))?;
        self.state.lock().durable = target;
        Ok(target)
    }

    fn prepare(&self) -> Result<()> {
        self.check()?;
        self.spares.prepare()
    }
}

#[cfg(test)]
impl Shared {
    /// Puts a file into the next sync.
    pub fn smuggle(&self, segment: Segment) {
        self.state.lock().unsynced.push(Arc::new(segment));
    }
}
