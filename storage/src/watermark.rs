//! The watermark: a small file that remembers how far the journal is known to be durable.
//!
//! Owns: `{commit, chain}` in two slots, and the comparison at start. Must never know: the journal, the backend.
//! Read next: `journal/mod.rs` (what a mark is), `folder.rs` (where the file lies).
//!
//! It is written after the journal was synced, so it is never ahead of the truth; if the journal then comes back with
//! less, durable data is gone, which no log can see from its own end.
//!
//! ```text
//! two slots, at offsets 0 and 4096 (no block is shared, so a torn write hurts one of them):
//!  0 magic 8 bytes "BROOKWTR"   8 commit u64   16 chain u64   24 xxh3-64 over bytes 0..24        little endian
//! ```

use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::journal::Mark;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

const MAGIC: [u8; 8] = *b"BROOKWTR";
pub(crate) const SLOT: usize = 32;
const CHECK_AT: usize = 24;
const SLOT_STEP: usize = 4096;
const FILE_BYTES: usize = SLOT_STEP + SLOT;

/// The watermark file, open.
#[derive(Debug)]
pub struct Watermark {
    path: PathBuf,
    file: File,
    slots: [Option<Mark>; 2],
    unsynced: bool,
    created: bool,
}

impl Watermark {
    /// Opens the file, creating it (durably, at commit 0) if there is none. One damaged slot is tolerated; two are
    /// [`StorageError::Damaged`], and so is an empty file: none is ever written.
    pub fn open(path: &Path) -> Result<Watermark> {
        match read_slots(path)? {
            Some(slots) => Watermark::with(path, slots),
            None => Ok(Watermark { created: true, ..Watermark::rewrite(path, Mark::default())? }),
        }
    }

    /// Puts a file that says `mark` in the place of whatever is there, durably: the loss of what was above it has been
    /// accepted.
    pub fn rewrite(path: &Path, mark: Mark) -> Result<Watermark> {
        // Both slots valid from the start and in one step, so that no crash ever leaves a file without any.
        let mut bytes = vec![0; FILE_BYTES];
        bytes[..SLOT].copy_from_slice(&encode(mark));
        bytes[SLOT_STEP..].copy_from_slice(&encode(mark));
        disk::replace(path, &bytes)?;
        Watermark::with(path, [Some(mark); 2])
    }

    fn with(path: &Path, slots: [Option<Mark>; 2]) -> Result<Watermark> {
        let file = failpoint::io(Point::WatermarkOpen, || disk::options().open(path))
            .map_err(StorageError::io("open watermark", path))?;
        Ok(Watermark { path: path.to_path_buf(), file, slots, unsynced: false, created: false })
    }

    /// The highest mark that was ever advanced to; `None` if there was none.
    pub fn read(&self) -> Option<Mark> {
        self.slots.into_iter().flatten().max_by_key(|mark| mark.commit).filter(|mark| mark.commit > 0)
    }

    /// Whether opening found no file. Beside a store that holds data, this means that the file was lost.
    pub fn was_missing(&self) -> bool {
        self.created
    }

    /// Compares what was recovered with what had been durable: less is [`StorageError::DataLoss`], another history at
    /// the same commit is [`StorageError::Damaged`].
    pub fn verify(&self, recovered: Mark) -> Result<()> {
        self.read().map_or(Ok(()), |mark| compare(mark, recovered))
    }

    /// Moves the watermark up to `mark`, which must be durable; a lower mark changes nothing. With `sync` the
    /// watermark is durable at return. A failure only leaves it lower than it could be.
    pub fn advance(&mut self, mark: Mark, sync: bool) -> Result<()> {
        if self.read().is_none_or(|highest| mark.commit > highest.commit) {
            // The damaged or lower slot; the other one stays what it is until this one is written.
            let level = |slot: usize| self.slots[slot].map(|mark| mark.commit);
            self.put(usize::from(level(1) < level(0)), mark)?;
        }
        if sync { self.sync() } else { Ok(()) }
    }

    fn put(&mut self, slot: usize, mark: Mark) -> Result<()> {
        failpoint::io(Point::WatermarkWrite, || self.file.write_all_at(&encode(mark), (slot * SLOT_STEP) as u64))
            .map_err(StorageError::io("write watermark", &self.path))?;
        self.slots[slot] = Some(mark);
        self.unsynced = true;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        if self.unsynced {
            failpoint::sync(Point::WatermarkSync, || self.file.sync_data())
                .map_err(StorageError::io("sync watermark", &self.path))?;
            self.unsynced = false;
        }
        Ok(())
    }
}

/// Compares what was recovered with `mark`, which was durable.
pub(crate) fn compare(mark: Mark, recovered: Mark) -> Result<()> {
    if recovered.commit < mark.commit {
        return Err(StorageError::loss(mark.commit, recovered.commit));
    }
    if recovered.commit == mark.commit && recovered.chain != mark.chain {
        let Mark { commit, chain } = mark;
        let found = recovered.chain;
        let detail = format!("commit {commit} was durable with chain {chain:016x}, recovered with {found:016x}");
        return Err(StorageError::damaged("journal", detail));
    }
    Ok(())
}

/// What a watermark file says.
pub(crate) struct Peeked {
    /// The highest mark.
    pub mark: Mark,
    /// How many of the two slots are intact.
    pub slots: usize,
}

/// Reads the file and changes nothing; `None` if there is none.
pub(crate) fn peek(path: &Path) -> Result<Option<Peeked>> {
    let Some(slots) = read_slots(path)? else { return Ok(None) };
    let intact = slots.into_iter().flatten();
    let mark = intact.clone().max_by_key(|mark| mark.commit).unwrap_or_default();
    Ok(Some(Peeked { mark, slots: intact.count() }))
}

/// The slots of the file, one of them at least; `None` if there is no file.
fn read_slots(path: &Path) -> Result<Option<[Option<Mark>; 2]>> {
    let bytes = match failpoint::io(Point::WatermarkRead, || std::fs::read(path)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StorageError::io("read watermark", path)(error)),
    };
    let slots = [decode(&bytes, 0), decode(&bytes, 1)];
    if slots == [None, None] {
        let detail = format!("no valid slot in {}, so nobody knows what was durable", path.display());
        return Err(StorageError::damaged("watermark", detail));
    }
    Ok(Some(slots))
}

pub(crate) fn encode(mark: Mark) -> [u8; SLOT] {
    let mut bytes = [0; SLOT];
    bytes[8..16].copy_from_slice(&mark.commit.to_le_bytes());
    bytes[16..CHECK_AT].copy_from_slice(&mark.chain.to_le_bytes());
    sign(&mut bytes);
    bytes
}

/// Puts the mark of such files and the checksum into a slot.
pub(crate) fn sign(slot: &mut [u8]) {
    slot[..8].copy_from_slice(&MAGIC);
    let check = xxh3_64(&slot[..CHECK_AT]);
    slot[CHECK_AT..SLOT].copy_from_slice(&check.to_le_bytes());
}

pub(crate) fn decode(file: &[u8], slot: usize) -> Option<Mark> {
    let bytes: &[u8; SLOT] = file.get(slot * SLOT_STEP..)?.first_chunk()?;
    let number = |at: usize| Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    if bytes[..8] != MAGIC || number(CHECK_AT)? != xxh3_64(&bytes[..CHECK_AT]) {
        return None;
    }
    Some(Mark { commit: number(8)?, chain: number(16)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(commit: u64) -> Mark {
        Mark { commit, chain: commit * 31 }
    }

    fn fresh() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("watermark");
        (folder, path)
    }

    #[test]
    fn it_only_rises_and_is_read_back() {
        let (_folder, path) = fresh();
        let mut watermark = Watermark::open(&path).unwrap();
        assert!(watermark.was_missing());
        assert_eq!(watermark.read(), None);
        for commit in [5, 9, 7, 9, 12] {
            watermark.advance(mark(commit), commit % 2 == 0).unwrap();
        }
        assert_eq!(watermark.read(), Some(mark(12)));
        let again = Watermark::open(&path).unwrap();
        assert_eq!((again.read(), again.was_missing()), (Some(mark(12)), false));
        assert_eq!(again.slots.map(|slot| slot.unwrap().commit), [12, 9], "the two slots alternate");
    }

    #[test]
    fn any_damage_to_one_slot_leaves_the_other_and_to_both_is_refused() {
        let (_folder, path) = fresh();
        let mut watermark = Watermark::open(&path).unwrap();
        watermark.advance(mark(1), false).unwrap();
        watermark.advance(mark(2), true).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (first, second) = (watermark.slots[0].unwrap(), watermark.slots[1].unwrap());
        for at in 0..SLOT {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                std::fs::write(&path, &damaged).unwrap();
                assert_eq!(Watermark::open(&path).unwrap().read(), Some(second));
                damaged[SLOT_STEP + at] ^= 1 << bit;
                std::fs::write(&path, &damaged).unwrap();
                assert!(matches!(Watermark::open(&path), Err(StorageError::Damaged { .. })));
                damaged[at] ^= 1 << bit;
                std::fs::write(&path, &damaged).unwrap();
                assert_eq!(Watermark::open(&path).unwrap().read(), Some(first));
            }
        }
    }

    #[test]
    fn truncations_are_tolerated_or_refused() {
        let (_folder, path) = fresh();
        Watermark::open(&path).unwrap().advance(mark(3), true).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..FILE_BYTES - 1]).unwrap();
        Watermark::open(&path).unwrap();
        std::fs::write(&path, &bytes[..SLOT - 1]).unwrap();
        assert!(matches!(Watermark::open(&path), Err(StorageError::Damaged { .. })));
        std::fs::write(&path, [0; FILE_BYTES]).unwrap();
        assert!(matches!(Watermark::open(&path), Err(StorageError::Damaged { .. })));
        std::fs::write(&path, []).unwrap();
        assert!(matches!(Watermark::open(&path), Err(StorageError::Damaged { .. })), "no empty file is ever written");
        std::fs::remove_file(&path).unwrap();
        assert!(Watermark::open(&path).unwrap().was_missing());
    }

    #[test]
    fn a_damaged_slot_is_written_first_and_the_other_is_kept() {
        let (_folder, path) = fresh();
        let mut watermark = Watermark::open(&path).unwrap();
        watermark.advance(mark(1), false).unwrap();
        watermark.advance(mark(2), false).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        let highest = usize::from(watermark.slots[1] == Some(mark(2)));
        bytes[highest * SLOT_STEP] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let mut watermark = Watermark::open(&path).unwrap();
        watermark.advance(mark(3), true).unwrap();
        assert_eq!(watermark.slots[highest], Some(mark(3)));
        assert_eq!(watermark.slots[1 - highest], Some(mark(1)));
    }

    #[test]
    fn less_is_loss_another_chain_is_damage_more_is_fine() {
        let (_folder, path) = fresh();
        let mut watermark = Watermark::open(&path).unwrap();
        watermark.verify(Mark::default()).unwrap();
        watermark.advance(mark(8), false).unwrap();
        assert!(matches!(watermark.verify(mark(7)), Err(StorageError::DataLoss { durable: 8, recovered: 7, .. })));
        let other = Mark { chain: 0, ..mark(8) };
        assert!(matches!(watermark.verify(other), Err(StorageError::Damaged { .. })));
        watermark.verify(mark(8)).unwrap();
        watermark.verify(mark(9)).unwrap();
        let watermark = Watermark::rewrite(&path, mark(7)).unwrap();
        assert!(!watermark.was_missing());
        assert_eq!(Watermark::open(&path).unwrap().read(), Some(mark(7)));
        watermark.verify(mark(7)).unwrap();
    }
}
