//! Opening a store: the records at the last checkpoint, then the journal after it, then the proof that nothing durable
//! is missing. Must never know: the broker, locks. Read next: `open/folder.rs` (the same in a data folder).

mod folder;
#[cfg(all(test, feature = "memory"))]
pub(crate) mod tests;

pub use folder::{FolderOptions, OpenedFolder, open_folder_over};
#[cfg(feature = "rocksdb")]
pub use folder::{check_folder, open_folder};

use crate::backend::Backend;
use crate::checkpoint::{Meta, Settler, restore};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::journal::{Journal, Mark};
use crate::progress::{Phase, Progress};
use crate::store::Store;
use crate::stream::log::NodeLimits;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

/// A store that was opened.
pub struct Opened {
    /// Its state, at the last commit that could be recovered.
    pub store: Store,
    /// Writes its checkpoints.
    pub settler: Settler,
    /// The last commit that was recovered.
    pub mark: Mark,
    /// Commits that were replayed from the journal.
    pub replayed: u64,
}

/// Opens the store in `backend` and `journal`. `databases` counts only for a new store; `limits` say where replayed
/// appends begin nodes.
pub fn open(
    backend: Arc<dyn Backend>,
    journal: &mut dyn Journal,
    databases: usize,
    limits: NodeLimits,
) -> Result<Opened> {
    open_watched(backend, journal, databases, limits, &Progress::default())
}

/// [`open`], and notes in `progress` how far it is.
pub fn open_watched(
    backend: Arc<dyn Backend>,
    journal: &mut dyn Journal,
    databases: usize,
    limits: NodeLimits,
    progress: &Progress,
) -> Result<Opened> {
    let meta = Meta::read(&*backend)?;
    progress.begin(Phase::Names, 0);
    let (mut store, applied, epoch) = match &meta {
        Some(meta) => (restore(&*backend, meta, progress)?, meta.applied, meta.epoch),
        None => (Store::new(databases, RandomState::new().hash_one(0)), Mark::default(), 0),
    };
    let mut settler = Settler::open(Arc::clone(&backend), epoch)?;
    if meta.is_none() {
        // The seed must be on disk before the first hash is.
        failpoint::at(Point::StartFirst)?;
        let first = store.meta(Mark::default(), settler.epoch());
        settler.complete(Default::default(), &first)?;
        store.completed(first.epoch);
    }
    store.node_limits = limits;
    let mut replayed = 0;
    progress.begin(Phase::Replay, journal.replay_bytes(applied)?);
    failpoint::at(Point::StartReplay)?;
    let mark = journal.replay(applied, &mut |_, batch| {
        replayed += 1;
        progress.add(batch.len() as u64);
        store.replay(batch, |store, missing| {
            let loaded = missing.read(&*backend)?;
            store.install(loaded);
            store.damage.take().map_or(Ok(()), Err)
        })
    })?;
    if mark.commit < applied.commit {
        return Err(StorageError::corrupt(
            "journal",
            format!("ends at {}, applied is {}", mark.commit, applied.commit),
        ));
    }
    Ok(Opened { store, settler, mark, replayed })
}

/// A store that keeps nothing.
pub fn volatile(databases: usize) -> Store {
    Store::volatile(databases, RandomState::new().hash_one(0))
}
