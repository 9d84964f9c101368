//! Spare files: blocks that were written before, so that the next fdatasync over them is cheap.
//!
//! Owns: how many spare files there are, how they come to be and where surplus goes. Must never know: commits, records.
//! Read next: `file.rs` (takes and gives), `segment.rs` (what a spare becomes).
//!
//! A file is written with zeros once. fallocate would not do: its blocks stay marked as unwritten, and the first sync
//! over each of them has to change file system metadata, which is what makes it slow.

use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use parking_lot::Mutex;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many are kept ready by [`SparePool::prepare`]. Recycling brings more; at a start each one costs a file's writing.
const READY: usize = 1;
static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];

/// The spare files of one journal folder. Shared by the appending thread and a preparing one.
#[derive(Debug)]
pub(super) struct SparePool {
    folder: PathBuf,
    /// Bytes of an ordinary segment; a file of any other size is no spare.
    segment_bytes: u64,
    limit: usize,
    files: Mutex<Files>,
    /// Whether the last look found no room for another file.
    lacking: AtomicBool,
    /// What tests say is left on the disk.
    #[cfg(test)]
    pub pretended_free: AtomicU64,
    /// Held while a file is filled, so that two callers do not both fill the last place.
    preparing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Files {
    ready: Vec<PathBuf>,
    next_number: u64,
}

impl SparePool {
    /// The pool of `folder`, with the spare files that are in it. Half-written and surplus ones are deleted.
    pub fn open(folder: &Path, segment_bytes: u64, spare_bytes: u64) -> Result<SparePool> {
        let limit = usize::try_from(spare_bytes / segment_bytes).unwrap_or(usize::MAX);
        let mut files = Files::default();
        for entry in std::fs::read_dir(folder).map_err(StorageError::io("list", folder))? {
            let path = entry.map_err(StorageError::io("list", folder))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(number) = name.strip_suffix(".spare").and_then(|number| number.parse::<u64>().ok()) {
                files.next_number = files.next_number.max(number + 1);
                if files.ready.len() < limit && length(&path)? == segment_bytes {
                    files.ready.push(path);
                } else {
                    remove(&path)?;
                }
            } else if name.ends_with(".tmp") {
                remove(&path)?;
            }
        }
        Ok(SparePool {
            folder: folder.to_path_buf(),
            segment_bytes,
            limit,
            files: Mutex::new(files),
            lacking: AtomicBool::new(false),
            #[cfg(test)]
            pretended_free: AtomicU64::new(u64::MAX),
            preparing: Mutex::new(()),
        })
    }

    /// Whether there is no spare file, and no room to make one.
    pub fn is_short(&self) -> bool {
        self.lacking.load(Ordering::Relaxed) && self.ready() == 0
    }

    /// Fails if the file system has not so many bytes left: a file that is filled until the disk is full takes the last
    /// room from others, if only for a moment.
    pub fn has_room(&self, bytes: u64) -> Result<()> {
        let free = free_bytes(&self.folder);
        #[cfg(test)]
        let free = free.min(self.pretended_free.load(Ordering::Relaxed));
        if free >= bytes {
            return Ok(());
        }
        Err(StorageError::io("make a journal file in", &self.folder)(ErrorKind::StorageFull.into()))
    }

    /// Looks whether the next file can be made. Once for each file that is taken, so that a disk that fills up between
    /// two preparations is noticed while there is still room for what is executed.
    pub fn look_ahead(&self) {
        let lacking = self.ready() == 0 && self.has_room_beside().is_err();
        self.lacking.store(lacking, Ordering::Relaxed);
    }

    /// Room for one more file, and for as much again.
    fn has_room_beside(&self) -> Result<()> {
        self.has_room(self.segment_bytes.saturating_mul(2))
    }

    /// A spare file, if there is one.
    pub fn take(&self) -> Option<PathBuf> {
        self.files.lock().ready.pop()
    }

    /// How many are ready.
    pub fn ready(&self) -> usize {
        self.files.lock().ready.len()
    }

    /// Puts a file, whose content nobody needs, into the pool; deletes it if it is surplus or of another size.
    pub fn give(&self, path: &Path) -> Result<()> {
        if self.ready() >= self.limit || length(path)? != self.segment_bytes {
            return remove(path);
        }
        let spare = self.new_name("spare");
        let renamed = failpoint::io(Point::JournalFileSpare, || std::fs::rename(path, &spare));
        match renamed.map_err(StorageError::io("rename journal file to", &spare)) {
            Ok(()) => self.files.lock().ready.push(spare),
            // A new name may need room for itself. A file that goes makes some.
            Err(full) if full.is_full() => remove(path)?,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Fills files until enough are ready. For a background thread: writes and syncs whole segments. Leaves room for as
    /// much again: the last of a disk belongs to what is written now and to checkpoints, which give files back.
    pub fn prepare(&self) -> Result<()> {
        let _turn = self.preparing.lock();
        let prepared = self.prepare_missing();
        self.lacking.store(prepared.as_ref().is_err_and(StorageError::is_full), Ordering::Relaxed);
        prepared
    }

    fn prepare_missing(&self) -> Result<()> {
        while self.ready() < READY.min(self.limit) {
            self.has_room_beside()?;
            let spare = self.create(true)?;
            self.files.lock().ready.push(spare);
        }
        Ok(())
    }

    /// Puts a file back that [`SparePool::take`] gave and that was not used.
    pub fn put_back(&self, spare: PathBuf) {
        self.files.lock().ready.push(spare);
    }

    /// A new file full of zeros; not yet in the pool. Without `sync` the next fdatasync pays for its blocks.
    pub fn create(&self, sync: bool) -> Result<PathBuf> {
        self.has_room(self.segment_bytes)?;
        // Under another name until it is full: a short file must never be taken for a spare.
        let draft = self.new_name("tmp");
        let spare = draft.with_extension("spare");
        let made = self.fill(&draft, sync).and_then(|()| {
            failpoint::io(Point::JournalSpareName, || std::fs::rename(&draft, &spare))
                .map_err(StorageError::io("rename journal file to", &spare))
        });
        if made.is_err() {
            // The disk is full more often than not; give back what was taken. The first error is the one to report.
            let _ = std::fs::remove_file(&draft);
        }
        made.map(|()| spare)
    }

    fn fill(&self, draft: &Path, sync: bool) -> Result<()> {
        failpoint::at(Point::JournalSpareCreate)?;
        let mut file = disk::create_new(draft)?;
        let mut left = self.segment_bytes;
        while left > 0 {
            let part = left.min(ZEROS.len() as u64);
            failpoint::io(Point::JournalSpareFill, || file.write_all(&ZEROS[..part as usize]))
                .map_err(StorageError::io("fill journal file", draft))?;
            left -= part;
        }
        if sync {
            failpoint::sync(Point::JournalSpareSync, || file.sync_all())
                .map_err(StorageError::io("sync journal file", draft))?;
        }
        Ok(())
    }

    fn new_name(&self, extension: &str) -> PathBuf {
        let mut files = self.files.lock();
        files.next_number += 1;
        self.folder.join(format!("{:020}.{extension}", files.next_number))
    }
}

/// What the file system of `folder` has left for us; a great deal if it does not say.
fn free_bytes(folder: &Path) -> u64 {
    match rustix::fs::statvfs(folder) {
        Ok(stat) if stat.f_blocks > 0 => stat.f_bavail.saturating_mul(stat.f_frsize),
        _ => u64::MAX,
    }
}

fn length(path: &Path) -> Result<u64> {
    std::fs::metadata(path).map(|meta| meta.len()).map_err(StorageError::io("inspect", path))
}

fn remove(path: &Path) -> Result<()> {
    failpoint::io(Point::JournalFileDelete, || std::fs::remove_file(path)).map_err(StorageError::io("delete", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 100_000;

    fn count(folder: &Path, extension: &str) -> usize {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == extension)).count()
    }

    #[test]
    fn prepared_files_are_full_of_zeros_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let pool = SparePool::open(folder.path(), SIZE, 3 * SIZE).unwrap();
        pool.prepare().unwrap();
        pool.prepare().unwrap();
        assert_eq!((pool.ready(), count(folder.path(), "spare")), (READY, READY));
        let spare = pool.take().unwrap();
        assert_eq!(std::fs::read(spare).unwrap(), vec![0; SIZE as usize]);
    }

    #[test]
    fn a_preparation_that_fails_leaves_nothing_behind_and_works_later() {
        let folder = tempfile::tempdir().unwrap();
        // More than any disk has.
        let pool = SparePool::open(folder.path(), 1 << 60, 1 << 61).unwrap();
        let refused = pool.prepare().unwrap_err();
        assert!(refused.is_full(), "{refused}");
        assert_eq!((pool.ready(), std::fs::read_dir(folder.path()).unwrap().count()), (0, 0));
        let pool = SparePool::open(folder.path(), SIZE, SIZE).unwrap();
        let draft = folder.path().join(format!("{:020}.tmp", 1));
        std::fs::write(&draft, b"in the way").unwrap();
        assert!(pool.prepare().is_err());
        assert!(!draft.exists());
        pool.prepare().unwrap();
        assert_eq!(pool.ready(), 1);
    }

    #[test]
    fn surplus_and_odd_sizes_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let pool = SparePool::open(folder.path(), SIZE, 2 * SIZE).unwrap();
        let files: Vec<_> = (0..4).map(|_| pool.create(false).unwrap()).collect();
        let odd = folder.path().join("odd.journal");
        std::fs::write(&odd, b"short").unwrap();
        pool.give(&odd).unwrap();
        for file in &files {
            pool.give(file).unwrap();
        }
        assert_eq!((pool.ready(), count(folder.path(), "spare")), (2, 2));
        assert!(!odd.exists());
    }

    #[test]
    fn opening_keeps_whole_spares_and_removes_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let pool = SparePool::open(folder.path(), SIZE, 4 * SIZE).unwrap();
        pool.prepare().unwrap();
        std::fs::write(folder.path().join("00000000000000000077.tmp"), b"half").unwrap();
        std::fs::write(folder.path().join("00000000000000000078.spare"), b"half").unwrap();
        let again = SparePool::open(folder.path(), SIZE, 4 * SIZE).unwrap();
        assert_eq!((again.ready(), count(folder.path(), "spare"), count(folder.path(), "tmp")), (READY, READY, 0));
        assert!(again.create(false).unwrap().exists());
    }
}
