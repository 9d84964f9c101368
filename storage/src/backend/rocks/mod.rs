//! The backend on disk: RocksDB with one column family per space, without its write-ahead log.
//!
//! Owns: every RocksDB type; nothing outside this folder names one. Must never know: what keys and values mean.
//! Read next: `options.rs` (every option with its reason), `reclaim.rs` (how space comes back), `watch.rs` (errors),
//! `files.rs` (what has to be there).

mod files;
mod options;
mod reclaim;
#[cfg(test)]
mod tests;
mod watch;

pub use options::{Compression, Options};
pub use watch::Health;

use super::{Backend, BackendStats, Space, Visit, Write};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use options::Shared;
use parking_lot::Mutex;
use reclaim::Leftover;
use rocksdb::checkpoint::Checkpoint;
use rocksdb::properties::{
    ACTUAL_DELAYED_WRITE_RATE, ESTIMATE_PENDING_COMPACTION_BYTES, IS_WRITE_STOPPED, TOTAL_SST_FILES_SIZE,
};
use rocksdb::{ColumnFamily, ColumnFamilyDescriptor, DB, ErrorKind, LiveFile, WriteBatch};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use watch::Watch;

/// A RocksDB database in one folder.
///
/// Dropping it does not flush: what was not flushed is gone, as the contract says.
///
/// On a full disk a flush fails and writes fail with its text, at once; reads and [`Backend::reclaim`] of whole files go
/// on, nothing buffered is lost, and a few seconds after there is space again all works as before. A write that failed
/// was not applied: who goes on must write it again first, or later ones would no longer follow on a prefix.
pub struct Rocks {
    db: DB,
    path: PathBuf,
    options: Options,
    shared: Shared,
    watch: Arc<Watch>,
    /// Ranges with a tombstone that compaction should meet soon; see `reclaim.rs`.
    leftovers: Mutex<Vec<Leftover>>,
}

impl Rocks {
    /// Opens the database in `path`, creating it if the folder is empty or missing.
    ///
    /// # Errors
    /// [`StorageError::Locked`] if another process (or this one) has it open; [`StorageError::Corrupt`] if RocksDB
    /// finds damage; [`StorageError::Backend`] for everything else, also for families this program does not know.
    pub fn open(path: impl Into<PathBuf>, options: Options) -> Result<Rocks> {
        let path = path.into();
        // RocksDB would make a new database beside the files of the old one, and delete those.
        files::has_database(&path)?;
        failpoint::at(Point::RecordsOpen)?;
        Rocks::open_with(path, options, |database, path, families| DB::open_cf_descriptors(database, path, families))
    }

    /// Opens the database in `path` to read it, and changes no file; none if there is none yet, or its first start was cut off. Takes no lock, and every
    /// write fails.
    ///
    /// # Errors
    /// Those of [`Rocks::open`], but for the lock.
    pub fn open_to_read(path: impl Into<PathBuf>, options: Options) -> Result<Option<Rocks>> {
        let path = path.into();
        failpoint::at(Point::RecordsLook)?;
        if !files::has_database(&path)? || is_unfinished(&path) {
            return Ok(None);
        }
        Rocks::open_with(path, options, |database, path, families| {
            DB::open_cf_descriptors_read_only(database, path, families, false)
        })
        .map(Some)
    }

    fn open_with(
        path: PathBuf,
        options: Options,
        open: impl FnOnce(&rocksdb::Options, &Path, Vec<ColumnFamilyDescriptor>) -> Result<DB, rocksdb::Error>,
    ) -> Result<Rocks> {
        let shared = options.shared();
        let watch = Arc::new(Watch::default());
        let described = |space| ColumnFamilyDescriptor::new(family(space), options.family(space, &shared));
        let families = Space::ALL.into_iter().map(described).collect();
        let db =
            open(&options.database(&shared, &watch), &path, families).map_err(|error| open_failure(error, &path))?;
        Ok(Rocks { db, path, options, shared, watch, leftovers: Mutex::default() })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Errors and stalls of the background work.
    pub fn health(&self) -> Health {
        let now = |name| self.db.property_int_value(name).ok().flatten().unwrap_or(0);
        Health {
            write_stopped: now(IS_WRITE_STOPPED) != 0,
            delayed_write_rate: now(ACTUAL_DELAYED_WRITE_RATE),
            ..self.watch.health()
        }
    }

    /// Reads every table file and compares all checksums; for a scrub command.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] naming the first damaged file.
    pub fn verify(&self) -> Result<()> {
        self.db.verify_checksum().map_err(failure)
    }

    fn handle(&self, space: Space) -> Result<&ColumnFamily> {
        // All families were opened, so this cannot fail; a lookup in a map of six costs nothing beside a read.
        self.db.cf_handle(family(space)).ok_or_else(|| StorageError::Backend(format!("{space:?} is not open")))
    }

    fn handles(&self) -> Result<Vec<&ColumnFamily>> {
        Space::ALL.iter().map(|space| self.handle(*space)).collect()
    }

    fn add(&self, batch: &mut WriteBatch, write: &Write) -> Result<()> {
        match write {
            Write::Put(space, key, value) => batch.put_cf(self.handle(*space)?, key, value),
            Write::Delete(space, key) => batch.delete_cf(self.handle(*space)?, key),
            // RocksDB takes an inverted range for an error, but only when the tombstone is read.
            Write::DeleteRange(_, from, to) if from >= to => {}
            Write::DeleteRange(space, from, to) => batch.delete_range_cf(self.handle(*space)?, from, to),
        }
        Ok(())
    }

    /// Reads what stands between the ends of a file.
    fn read_through(&self, file: &LiveFile) -> Result<()> {
        let Some(space) = Space::ALL.into_iter().find(|space| family(*space) == file.column_family_name) else {
            return Ok(());
        };
        let (Some(from), Some(last)) = (&file.start_key, &file.end_key) else { return Ok(()) };
        // The end of a range is exclusive.
        let end = [last, &[0][..]].concat();
        self.scan(space, from, &end, &mut |_, _| ControlFlow::Continue(()))
    }

    /// The sum of a property over all families.
    fn total(&self, name: &rocksdb::properties::PropName) -> u64 {
        let of = |space: &Space| self.db.property_int_value_cf(self.handle(*space).ok()?, name).ok().flatten();
        Space::ALL.iter().filter_map(of).sum()
    }
}

impl Backend for Rocks {
    fn tidy(&self) -> Result<usize> {
        // Upkeep may wait: a compaction that holds one of the files ends, and the next call finds them free.
        Ok(Rocks::tidy(self).unwrap_or(0))
    }

    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        failpoint::at(Point::RecordsGet)?;
        self.db.get_cf(self.handle(space)?, key).map_err(failure)
    }

    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        failpoint::at(Point::RecordsScan)?;
        // An iterator is a consistent view by itself: it pins the memtables and files of the moment it was made.
        let mut at = self.db.raw_iterator_cf_opt(self.handle(space)?, options::scan(space, from, to));
        at.seek_to_first();
        while let Some((key, value)) = at.item() {
            if visit(key, value).is_break() {
                return Ok(());
            }
            at.next();
        }
        // An iterator also ends at an error: without this, damage would look like the end of the data.
        at.status().map_err(failure)
    }

    fn write(&self, writes: &[Write]) -> Result<()> {
        let mut batch = WriteBatch::default();
        for write in writes {
            self.add(&mut batch, write)?;
        }
        failpoint::at(Point::RecordsWrite)?;
        self.db.write_opt(&batch, &options::write()).map_err(failure)
    }

    fn flush(&self) -> Result<()> {
        failpoint::at(Point::RecordsFlush)?;
        // With atomic_flush: all families up to one sequence number, in one edit of the MANIFEST, synced.
        self.db.flush_cfs_opt(&self.handles()?, &options::flush()).map_err(failure)?;
        self.push_leftovers();
        Ok(())
    }

    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        self.reclaim_range(space, from, to)
    }

    fn snapshot(&self, path: &Path) -> Result<()> {
        failpoint::at(Point::RecordsSnapshot)?;
        // It flushes first: there is no log that could bring the rest back.
        Checkpoint::new(&self.db).and_then(|checkpoint| checkpoint.create_checkpoint(path)).map_err(failure)
    }

    fn scrub(&self, found: &mut dyn FnMut(StorageError)) {
        let Err(first) = self.verify() else { return };
        found(first);
        // It ends at the first damaged file. Reading the others' keys finds what is wrong with them.
        match self.db.live_files() {
            Ok(files) => files.iter().filter_map(|file| self.read_through(file).err()).for_each(found),
            Err(why) => found(failure(why)),
        }
    }

    fn stats(&self) -> BackendStats {
        let buffered = self.shared.buffers.get_usage();
        let charged = self.shared.buffers.get_dummy_entries_in_cache_usage();
        BackendStats {
            // Total, not live: a file that a scan still holds is on the disk.
            disk_bytes: self.total(TOTAL_SST_FILES_SIZE),
            memtable_bytes: buffered as u64,
            // The memtables' share of the cache is only book-keeping.
            cache_bytes: self.shared.cache.get_usage().saturating_sub(charged) as u64,
            pending_compaction_bytes: self.total(ESTIMATE_PENDING_COMPACTION_BYTES),
            background_errors: self.watch.errors(),
        }
    }
}

/// Whether the first start did not come to its end: families are made one after the other, before anything is stored.
fn is_unfinished(path: &Path) -> bool {
    if files::has_tables(path) {
        return false;
    }
    let made = DB::list_cf(&rocksdb::Options::default(), path).unwrap_or_default();
    let all = Space::ALL.iter().all(|space| made.iter().any(|name| name == family(*space)));
    !made.is_empty() && !all
}

/// How the system names a full disk in RocksDB's messages.
const NO_SPACE: &str = "No space left on device";

/// The name of a space's column family, on disk: never change one.
fn family(space: Space) -> &'static str {
    match space {
        // RocksDB insists on a family of this name; the handful of facts about the store live there.
        Space::Meta => "default",
        Space::Names => "names",
        Space::Values => "values",
        Space::Index => "index",
        Space::Pending => "pending",
        Space::Chunks => "chunks",
    }
}

fn failure(error: rocksdb::Error) -> StorageError {
    match error.kind() {
        // It has a kind for everything that goes wrong with files, and only a text for what it was.
        ErrorKind::IOError if error.as_ref().contains(NO_SPACE) => {
            let source = std::io::Error::new(std::io::ErrorKind::StorageFull, error.into_string());
            StorageError::io("write to", "the store")(source)
        }
        ErrorKind::Corruption => StorageError::corrupt("backend", error.into_string()),
        _ => StorageError::Backend(error.into_string()),
    }
}

/// RocksDB has no kind for "locked", only a text.
fn open_failure(error: rocksdb::Error, path: &Path) -> StorageError {
    let text: &str = error.as_ref();
    if error.kind() == ErrorKind::IOError && text.contains("/LOCK: ") && text.contains("lock") {
        return StorageError::Locked(path.to_path_buf());
    }
    failure(error)
}
