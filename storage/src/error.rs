//! What can go wrong below the broker. Every variant says what happened and, where one exists, what to do.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// An error of the storage layer.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A file operation failed.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried, e.g. "write journal".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause as the operating system names it.
        source: std::io::Error,
    },
    /// The backend (RocksDB) reported an error.
    #[error("backend: {0}")]
    Backend(String),
    /// Bytes on disk that no version of this program writes.
    #[error("corrupt {what}: {detail}")]
    Corrupt {
        /// Which record or file.
        what: &'static str,
        /// Where and how it is wrong.
        detail: String,
    },
    /// What proves that nothing durable is missing is damaged, or does not fit. The store can be served without it.
    #[error("damaged {what}: {detail} (restore the files, or start once with --accept-data-loss)")]
    Damaged {
        /// Which file.
        what: &'static str,
        /// Where and how it is wrong.
        detail: String,
    },
    /// Less was recovered than had been made durable.
    #[error(
        "durable data is missing: commit {durable} was durable, only {recovered} could be recovered{place} \
         (restore the missing files, or start once with --accept-data-loss)"
    )]
    DataLoss {
        /// The last commit number known to have been durable.
        durable: u64,
        /// The last commit number found.
        recovered: u64,
        /// Where, as a part of the sentence; empty if nobody knows.
        place: String,
    },
    /// The folder belongs to a running process.
    #[error("{0} is in use by another process (stop it, or choose another --dir)")]
    Locked(PathBuf),
    /// The folder was written by a newer program.
    #[error(
        "the data was written in format {found}, this program reads up to {known} \
         (use the newer program, unless the file FORMAT is damaged)"
    )]
    FormatTooNew {
        /// Format number on disk.
        found: u32,
        /// The newest number this program knows.
        known: u32,
    },
    /// A database holds keys that nobody could reach.
    #[error(
        "database {0} holds keys, but a cluster has database 0 only \
         (start without --cluster-enabled and move or delete them)"
    )]
    BeyondCluster(u32),
    /// An earlier write failed; nothing more is accepted.
    #[error("storage stopped after a failed write: {0}")]
    Poisoned(String),
}

/// Shorthand of this crate.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

impl StorageError {
    /// An adapter for `map_err` around file operations.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> StorageError {
        let path = path.into();
        move |source| StorageError::Io { action, path, source }
    }

    /// Whether the disk (or a quota) is full: nothing is damaged, and the same will work once there is room.
    pub fn is_full(&self) -> bool {
        let full = |kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        matches!(self, StorageError::Io { source, .. } if full(source.kind()))
    }

    /// A corruption report.
    pub fn corrupt(what: &'static str, detail: impl Into<String>) -> StorageError {
        StorageError::Corrupt { what, detail: detail.into() }
    }

    /// Less was recovered than had been made durable.
    pub(crate) fn loss(durable: u64, recovered: u64) -> StorageError {
        StorageError::DataLoss { durable, recovered, place: String::new() }
    }

    /// Says of a loss where it is, as a part of the sentence.
    pub(crate) fn located(mut self, text: String) -> StorageError {
        if let StorageError::DataLoss { place, .. } = &mut self {
            *place = text;
        }
        self
    }

    /// Says of a loss where the journal ends: what is missing was in this file, or should follow it.
    pub(crate) fn ends_in(self, path: &Path) -> StorageError {
        self.located(format!("; the journal ends in {}", path.display()))
    }

    /// A report of damage that the store can be served in spite of.
    pub fn damaged(what: &'static str, detail: impl Into<String>) -> StorageError {
        StorageError::Damaged { what, detail: detail.into() }
    }
}
