//! Opening a data folder: lock, format, records, journal, watermark; and what an operator may accept as lost.
//!
//! Nothing that was ever part of the store is changed before it is clear that it may be served. What was accepted as lost is forgotten at
//! once and for good: the next start, without the flag, finds a folder that is whole.

use super::{Opened, open_watched};
use crate::backend::Backend;
#[cfg(feature = "rocksdb")]
use crate::backend::rocks::{Options, Rocks};
#[cfg(feature = "rocksdb")]
use crate::check::{Report, check_folder_over};
#[cfg(feature = "rocksdb")]
use crate::checkpoint::Meta;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::folder::DataFolder;
#[cfg(feature = "rocksdb")]
use crate::journal::begins_after;
use crate::journal::{CommitNo, FileJournal, FileJournalOptions, Journal, Mark};
use crate::progress::{Phase, Progress};
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
    #[cfg(feature = "rocksdb")]
    pub backend: Options,
    /// Serve even if durable data is missing.
    pub accept_data_loss: bool,
    /// Where opening notes how far it is. It does not end what it notes there.
    pub progress: Arc<Progress>,
}

/// A folder that was opened.
pub struct OpenedFolder {
    /// The store.
    pub opened: Opened,
    /// Ready to append. All that it replayed is durable.
    pub journal: Box<dyn Journal>,
    /// Verified.
    pub watermark: Watermark,
    /// Holds the lock.
    pub folder: DataFolder,
    /// What an operator should read.
    pub warnings: Vec<String>,
}

/// Opens a data folder whose records are in RocksDB.
#[cfg(feature = "rocksdb")]
pub fn open_folder(path: &Path, options: FolderOptions) -> Result<OpenedFolder> {
    let (backend, accepted) = (options.backend, options.accept_data_loss);
    open_folder_over(path, &options, |folder, durable| {
        if !accepted {
            fits(folder, durable, backend)?;
        }
        Ok(Arc::new(Rocks::open(folder.backend(), backend)?))
    })
}

/// Whether the records, or the journal behind them, can reach up to what was durable. Looked at without writing, because opening makes
/// RocksDB delete each file that its list of files does not name: with a list that lost its end, those that a repair would need.
#[cfg(feature = "rocksdb")]
fn fits(folder: &DataFolder, durable: CommitNo, options: Options) -> Result<()> {
    let records = Rocks::open_to_read(folder.backend(), options)?;
    let meta = records.map(|records| Meta::read(&records)).transpose()?.flatten();
    let applied = meta.map_or(0, |meta| meta.applied.commit);
    let begin = begins_after(&folder.journal())?;
    if applied >= durable || begin.is_some_and(|begin| begin <= applied) {
        return Ok(());
    }
    let (records, journal) = (folder.backend(), folder.journal());
    let begins = begin.map_or_else(|| "holds nothing".into(), |begin| format!("begins behind commit {begin}"));
    let place =
        format!(": the records in {} end there, and the journal in {} {begins}", records.display(), journal.display());
    Err(StorageError::loss(durable, applied).located(place))
}

/// Checks a data folder whose records are in RocksDB.
///
/// # Errors
/// See [`check_folder_over`].
#[cfg(feature = "rocksdb")]
pub fn check_folder(path: &Path, progress: &Progress) -> Result<Report> {
    check_folder_over(path, progress, |path| {
        let records = Rocks::open_to_read(path, Options::default())?;
        Ok(records.map(|records| Arc::new(records) as Arc<dyn Backend>))
    })
}

/// Opens a data folder with the backend that `backend` opens in it, knowing the last commit that is known to have been durable.
pub fn open_folder_over(
    path: &Path,
    options: &FolderOptions,
    backend: impl FnOnce(&DataFolder, CommitNo) -> Result<Arc<dyn Backend>>,
) -> Result<OpenedFolder> {
    let folder = DataFolder::open(path)?;
    let mut losses = Losses { accepted: options.accept_data_loss, warnings: Vec::new() };
    let watermark = losses.allow(Watermark::open(&folder.watermark()))?;
    options.progress.begin(Phase::Backend, 0);
    let durable = watermark.as_ref().and_then(Watermark::read).map_or(0, |mark| mark.commit);
    let backend = backend(&folder, durable)?;
    let journal_options = FileJournalOptions { accept_data_loss: options.accept_data_loss, ..options.journal };
    let mut journal = FileJournal::open(&folder.journal(), journal_options)?;
    let opened = open_watched(backend, &mut journal, options.databases, options.node_limits, &options.progress)?;
    failpoint::at(Point::StartReplayed)?;
    losses.allow(journal.other_past().map_or(Ok(()), Err))?;
    let located = |verified: Result<()>| verified.map_err(|loss| loss.ends_in(journal.end()));
    losses.allow(located(watermark.as_ref().map_or(Ok(()), |watermark| watermark.verify(opened.mark))))?;
    losses.allow(located(nothing_missing(journal.known_durable(), opened.mark)))?;
    // Another process may have written what was replayed, and nobody may have synced it. It is served from now on.
    journal.syncer().sync()?;
    failpoint::at(Point::StartNote)?;
    let mut warnings = losses.warnings;
    let watermark = match watermark {
        Some(mut watermark) if warnings.is_empty() => {
            if watermark.was_missing() && !folder.was_created() {
                warnings.push("the watermark file is missing: a loss of durable data could not be recognised".into());
            }
            note(&mut watermark, opened.mark)?;
            watermark
        }
        _ => {
            journal.forget_dead()?;
            Watermark::rewrite(&folder.watermark(), opened.mark)?
        }
    };
    warnings.extend(journal.tail_damage().map(str::to_owned));
    Ok(OpenedFolder { opened, journal: Box::new(journal), watermark, folder, warnings })
}

/// Compares what was recovered with what the journal itself knows to have been durable.
fn nothing_missing(known: CommitNo, recovered: Mark) -> Result<()> {
    if recovered.commit < known {
        return Err(StorageError::loss(known, recovered.commit));
    }
    Ok(())
}

/// Moves the watermark up to what is durable now. A full disk only leaves it lower than it could be.
fn note(watermark: &mut Watermark, mark: Mark) -> Result<()> {
    match watermark.advance(mark, true) {
        Err(full) if full.is_full() => Ok(()),
        noted => noted,
    }
}

/// Whether losses are accepted, and those that were.
struct Losses {
    accepted: bool,
    warnings: Vec<String>,
}

impl Losses {
    /// `None` instead of an error that says that something is lost, where that is accepted.
    fn allow<T>(&mut self, outcome: Result<T>) -> Result<Option<T>> {
        match outcome {
            Err(loss @ (StorageError::DataLoss { .. } | StorageError::Damaged { .. })) if self.accepted => {
                self.warnings.push(format!("accepted: {loss}"));
                Ok(None)
            }
            other => other.map(Some),
        }
    }
}
