//! A data folder whose records are in memory: the journal and the watermark are files, and every way out after damage
//! leads to a folder that opens without the flag. (`tests/folder.rs` has the same over RocksDB.)

use super::{FolderOptions, OpenedFolder, open_folder_over};
use crate::backend::Backend;
use crate::backend::memory::Memory;
use crate::checkpoint::Gathered;
use crate::error::{Result, StorageError};
use crate::journal::{FileJournalOptions, Mark};
use crate::watermark::Watermark;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct World {
    folder: tempfile::TempDir,
    backend: Arc<Memory>,
}

const BEFORE: u64 = 20;
const AFTER: u64 = 60;

impl World {
    /// A checkpoint at commit 20 and the journal up to commit 60, all of it durable.
    fn written() -> World {
        let world = World { folder: tempfile::tempdir().unwrap(), backend: Arc::new(Memory::new()) };
        let mut opened = world.open(false).unwrap();
        write(&mut opened, BEFORE);
        checkpoint(&mut opened);
        write(&mut opened, AFTER - BEFORE);
        drop(opened);
        world
    }

    fn open(&self, accept_data_loss: bool) -> Result<OpenedFolder> {
        let journal = FileJournalOptions { segment_bytes: 8192, spare_bytes: 0, ..FileJournalOptions::default() };
        let options = FolderOptions {
            node_limits: Default::default(),
            databases: 1,
            journal,
            #[cfg(feature = "rocksdb")]
            backend: Default::default(),
            accept_data_loss,
            progress: Arc::default(),
        };
        let backend = Arc::clone(&self.backend) as Arc<dyn Backend>;
        open_folder_over(self.folder.path(), &options, |_, _| Ok(backend))
    }

    fn watermark(&self) -> PathBuf {
        self.folder.path().join("watermark")
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("journal")).unwrap().map(|e| e.unwrap().path());
        let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
        paths.sort();
        paths
    }

    /// The folder is refused until the loss is accepted, and never again after that, also if nothing was written.
    fn is_accepted_once(&self, what: &str) -> Mark {
        for _ in 0..2 {
            let refused = self.open(false).map(drop).expect_err(what);
            assert!(refused.to_string().contains("--accept-data-loss"), "{what}: {refused}");
        }
        let left = self.open(true).unwrap_or_else(|error| panic!("{what}, accepted: {error}"));
        let mark = left.opened.mark;
        assert!(left.warnings[0].starts_with("accepted: "), "{what}: {:?}", left.warnings);
        drop(left);
        for round in 0..2 {
            let mut again = self.open(false).unwrap_or_else(|error| panic!("{what}, afterwards: {error}"));
            assert_eq!(again.opened.mark.commit, mark.commit + round * 3, "{what}");
            assert!(again.warnings.is_empty(), "{what}: {:?}", again.warnings);
            write(&mut again, 3);
        }
        mark
    }
}

/// Commits that are durable and known to be.
fn write(opened: &mut OpenedFolder, commits: u64) {
    for _ in 0..commits {
        let store = &mut opened.opened.store;
        let number = opened.opened.mark.commit + 1;
        let name = format!("k{number}");
        store.set_string(0, name.as_bytes(), None, Bytes::from(format!("{number:0300}")), None);
        opened.opened.mark = opened.journal.append(&store.take_batch(Vec::new())).unwrap();
        opened.journal.syncer().sync().unwrap();
    }
    opened.watermark.advance(opened.opened.mark, true).unwrap();
}

/// A checkpoint of all there is.
pub(crate) fn checkpoint(opened: &mut OpenedFolder) {
    let (store, settler) = (&mut opened.opened.store, &mut opened.opened.settler);
    let mut gathered = Gathered::default();
    store.gather(settler.epoch(), usize::MAX, &mut gathered);
    let meta = store.meta(opened.opened.mark, settler.epoch());
    settler.complete(gathered, &meta).unwrap();
    opened.journal.drop_through(meta.applied.commit).unwrap();
    store.completed(meta.epoch);
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn both_slots_of_the_watermark_damaged() {
    let world = World::written();
    flip(&world.watermark(), 10);
    drop(world.open(false).expect("the other slot is enough"));
    flip(&world.watermark(), 4096 + 10);
    flip(&world.watermark(), 10);
    std::fs::write(world.watermark(), [7; 5000]).unwrap();
    assert_eq!(world.is_accepted_once("both slots").commit, AFTER);
}

#[test]
fn an_empty_watermark_is_damage_and_a_missing_one_is_told() {
    let world = World::written();
    std::fs::write(world.watermark(), []).unwrap();
    assert_eq!(world.is_accepted_once("empty").commit, AFTER);
    std::fs::remove_file(world.watermark()).unwrap();
    let opened = world.open(false).unwrap();
    assert!(opened.warnings[0].contains("watermark file is missing"), "{:?}", opened.warnings);
    assert_eq!(opened.watermark.read(), Some(opened.opened.mark), "what is recovered is durable from now on");
}

#[test]
fn another_history_at_the_commit_of_the_watermark() {
    let world = World::written();
    Watermark::rewrite(&world.watermark(), Mark { commit: AFTER, chain: 1 }).unwrap();
    assert_eq!(world.is_accepted_once("another chain").commit, AFTER);
}

#[test]
fn another_past_than_that_of_the_records() {
    let world = World::written();
    // The journal and watermark of another store, which is further.
    let other = World { folder: tempfile::tempdir().unwrap(), backend: Arc::new(Memory::new()) };
    let mut opened = other.open(false).unwrap();
    opened.opened.mark = opened.journal.append(&[1]).unwrap();
    write(&mut opened, AFTER + 7);
    drop(opened);
    let world = World { folder: other.folder, backend: world.backend };
    let refused = world.open(false).map(drop);
    assert!(matches!(refused, Err(StorageError::Damaged { what: "journal", .. })), "{refused:?}");
    assert_eq!(world.is_accepted_once("another past").commit, BEFORE);
}

#[test]
fn lost_segments() {
    for missing in 1..4 {
        let world = World::written();
        let segments = world.segments();
        assert!(segments.len() >= 4);
        std::fs::remove_file(&segments[missing - 1]).unwrap();
        assert!(world.is_accepted_once(&format!("segment {missing}")).commit < AFTER);
    }
    let world = World::written();
    // Also where the watermark is lost too: the headers of later segments know.
    std::fs::remove_file(&world.segments()[0]).unwrap();
    std::fs::remove_file(world.watermark()).unwrap();
    assert!(matches!(world.open(false).map(drop), Err(StorageError::DataLoss { .. })));
    std::fs::remove_file(world.watermark()).unwrap();
    assert!(world.is_accepted_once("segment and watermark").commit < AFTER);
}

#[test]
fn what_is_replayed_is_durable_before_it_is_served() {
    let world = World::written();
    let mut opened = world.open(false).unwrap();
    let store = &mut opened.opened.store;
    store.set_string(0, b"x", None, Bytes::from_static(b"y"), None);
    let unsynced = opened.journal.append(&store.take_batch(Vec::new())).unwrap();
    assert!(opened.watermark.read().unwrap().commit < unsynced.commit);
    // The process dies; the page cache does not.
    drop(opened);
    let opened = world.open(false).unwrap();
    assert_eq!(opened.opened.mark, unsynced);
    assert_eq!(opened.watermark.read(), Some(unsynced), "the watermark never says more than was synced");
}

#[test]
fn the_flag_changes_nothing_where_nothing_is_lost() {
    let world = World::written();
    let before = world.segments();
    let opened = world.open(true).unwrap();
    assert!(opened.warnings.is_empty() && opened.opened.mark.commit == AFTER);
    assert_eq!(world.segments(), before);
}
