//! The narrow door to an ordered key-value store. RocksDB is named in `rocks/` and nowhere else.
//!
//! Contract: writes need no log of their own (the journal is the log). What was written survives a crash only after
//! [`Backend::flush`] returned; a crash before that leaves a *prefix* of the writes in their order, each batch whole.

#[cfg(test)]
mod conformance;
#[cfg(feature = "memory")]
pub mod memory;
pub mod patient;
#[cfg(feature = "rocksdb")]
pub mod rocks;

use crate::error::{Result, StorageError};
use bytes::Bytes;
use std::ops::ControlFlow;
use std::path::Path;

/// A family of keys with one shape; each has its own options in RocksDB. Numbers are on disk, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// Facts about the whole store (applied commit, uid counter, format). A handful of keys.
    Meta = 0,
    /// `[database][hash][name]` -> type, uid, deadline. Small; scanned at start.
    Names = 1,
    /// `[database][uid]` -> a string's bytes, or a stream's header with its open chunk. Overwritten often.
    Values = 2,
    /// `[database][uid][page]` -> where the chunks of a stream are. Scanned by prefix.
    Index = 3,
    /// `[database][uid][group][id]` -> one pending entry. Written and deleted at random.
    Pending = 4,
    /// `[epoch][database][uid][first id]` -> one sealed chunk, up to about 16 KiB. Written once, in ascending epochs.
    Chunks = 5,
}

impl Space {
    /// All spaces, in the order of their numbers.
    pub const ALL: [Space; 6] = [Space::Meta, Space::Names, Space::Values, Space::Index, Space::Pending, Space::Chunks];
}

/// One change in a batch of writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Insert or overwrite. The value may be shared with whoever owns it: writing does not copy it a second time.
    Put(Space, Vec<u8>, Bytes),
    /// Remove one key (absent is fine).
    Delete(Space, Vec<u8>),
    /// Remove `from..to` (to exclusive).
    DeleteRange(Space, Vec<u8>, Vec<u8>),
}

/// What the backend says about itself, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackendStats {
    /// Bytes of live files on disk.
    pub disk_bytes: u64,
    /// Bytes held in write buffers.
    pub memtable_bytes: u64,
    /// Bytes held by the block cache.
    pub cache_bytes: u64,
    /// Estimated bytes that compaction still has to move.
    pub pending_compaction_bytes: u64,
    /// Background errors seen since the start.
    pub background_errors: u64,
}

/// Called with each key and value of a scan, until it breaks.
pub type Visit<'a> = &'a mut (dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a);

/// An ordered key-value store. All methods may block on the disk: never call one under the engine lock.
pub trait Backend: Send + Sync {
    /// The value of `key`, if present.
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>>;

    /// Visits `from..to` (to exclusive) in ascending order on a consistent view until `visit` breaks.
    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()>;

    /// Applies all writes atomically, later ones winning. Not durable before [`Backend::flush`].
    fn write(&self, writes: &[Write]) -> Result<()>;

    /// Makes everything written so far durable.
    fn flush(&self) -> Result<()>;

    /// Removes `from..to` and gives its disk space back soon: whole files at once, the rest with compaction.
    ///
    /// Not part of the order of writes: files are gone at once, even if writes before this call are lost in a crash;
    /// and a crash before the next flush may bring any part of the range back. So reclaim only what the *flushed*
    /// state no longer refers to, and be ready to reclaim it again.
    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()>;

    /// One round of upkeep that may wait: merging small files. Returns how many were merged.
    fn tidy(&self) -> Result<usize> {
        Ok(0)
    }

    /// Puts a copy of everything written so far at `path`, which does not exist, as files that can be opened like the original's
    /// own. Links, where `path` is on the same disk. Nothing is written meanwhile.
    fn snapshot(&self, path: &Path) -> Result<()> {
        Err(StorageError::Backend(format!("it has no files that could be copied to {}", path.display())))
    }

    /// Reads every file and compares its checksums; hands what is damaged to `found`, file by file where they can be told
    /// apart. Blocks for as long as reading everything takes.
    fn scrub(&self, _found: &mut dyn FnMut(StorageError)) {}

    /// Figures for INFO.
    fn stats(&self) -> BackendStats;
}
