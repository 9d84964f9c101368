//! Opening a store: the records at the last checkpoint, then the journal after it, then the proof that nothing durable
//! is missing. Must never know: the broker, locks.

use crate::backend::Backend;
use crate::checkpoint::{Meta, Settler, restore};
use crate::error::{Result, StorageError};
use crate::journal::{Journal, Mark};
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
    let meta = Meta::read(&*backend)?;
    let (mut store, applied, epoch) = match &meta {
        Some(meta) => (restore(&*backend, meta)?, meta.applied, meta.epoch),
        None => (Store::new(databases, RandomState::new().hash_one(0)), Mark::default(), 0),
    };
    let mut settler = Settler::open(Arc::clone(&backend), epoch)?;
    if meta.is_none() {
        // The seed must be on disk before the first hash is.
        let first = store.meta(Mark::default(), settler.epoch());
        settler.complete(Default::default(), &first)?;
        store.completed(first.epoch);
    }
    store.node_limits = limits;
    let mut replayed = 0;
    let mark = journal.replay(applied, &mut |_, batch| {
        replayed += 1;
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

#[cfg(feature = "rocksdb")]
pub use folder::{FolderOptions, OpenedFolder, open_folder};

#[cfg(feature = "rocksdb")]
mod folder {
    use super::{Opened, open};
    use crate::backend::rocks::{Options, Rocks};
    use crate::error::{Result, StorageError};
    use crate::folder::DataFolder;
    use crate::journal::{FileJournal, FileJournalOptions, Journal};
    use crate::stream::log::NodeLimits;
    use crate::watermark::Watermark;
    use std::path::Path;
    use std::sync::Arc;

    /// How to open a folder.
    #[derive(Clone, Debug, Default)]
    pub struct FolderOptions {
        /// Logical databases of a new store.
        pub databases: usize,
        /// Where replayed appends begin nodes.
        pub node_limits: NodeLimits,
        /// The journal.
        pub journal: FileJournalOptions,
        /// RocksDB.
        pub backend: Options,
        /// Serve even if durable data is missing.
        pub accept_data_loss: bool,
    }

    /// A folder that was opened.
    pub struct OpenedFolder {
        /// The store.
        pub opened: Opened,
        /// Ready to append.
        pub journal: Box<dyn Journal>,
        /// Verified.
        pub watermark: Watermark,
        /// Holds the lock.
        pub folder: DataFolder,
        /// What an operator should read.
        pub warnings: Vec<String>,
    }

    /// Opens a data folder: lock, format, records, journal, watermark.
    pub fn open_folder(path: &Path, options: FolderOptions) -> Result<OpenedFolder> {
        let folder = DataFolder::open(path)?;
        let mut watermark = Watermark::open(&folder.watermark())?;
        let backend = Arc::new(Rocks::open(folder.backend(), options.backend)?);
        let journal_options = FileJournalOptions { accept_data_loss: options.accept_data_loss, ..options.journal };
        let mut journal = FileJournal::open(&folder.journal(), journal_options)?;
        let opened = open(backend, &mut journal, options.databases, options.node_limits)?;
        let mut warnings: Vec<String> = journal.tail_damage().map(str::to_owned).into_iter().collect();
        if watermark.was_missing() && !folder.was_created() {
            warnings.push("the watermark file is missing: a loss of durable data could not be recognised".into());
        }
        let known = journal.known_durable();
        let verified = watermark.verify(opened.mark).and_then(|()| {
            let recovered = opened.mark.commit;
            if recovered < known { Err(StorageError::DataLoss { durable: known, recovered }) } else { Ok(()) }
        });
        match verified {
            Err(loss @ StorageError::DataLoss { .. }) if options.accept_data_loss => {
                warnings.push(format!("accepted: {loss}"));
                watermark.reset(opened.mark)?;
            }
            other => other?,
        }
        Ok(OpenedFolder { opened, journal: Box::new(journal), watermark, folder, warnings })
    }
}
