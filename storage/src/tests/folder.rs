//! The same over a real folder: RocksDB, journal files, watermark. Whatever is taken away or damaged is noticed, and
//! what is left is a state that was once committed.

use crate::backend::rocks::Options;
use crate::checkpoint::Gathered;
use crate::error::{Result, StorageError};
use crate::journal::FileJournalOptions;
use crate::open::{FolderOptions, OpenedFolder, open_folder};
use bytes::Bytes;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

fn options(accept_data_loss: bool) -> FolderOptions {
    let journal = FileJournalOptions { segment_bytes: 8192, spare_bytes: 0, ..FileJournalOptions::default() };
    let backend = Options { write_buffer_bytes: 1 << 20, ..Options::default() };
    FolderOptions { databases: 2, journal, backend, accept_data_loss, ..Default::default() }
}

fn open(path: &Path, accept_data_loss: bool) -> Result<OpenedFolder> {
    open_folder(path, options(accept_data_loss))
}

impl OpenedFolder {
    /// Commits, each of which writes its own number, all of them durable and known to be.
    fn write(&mut self, commits: u64) {
        for _ in 0..commits {
            let store = &mut self.opened.store;
            let old = store.find(0, b"k").unwrap_or_else(|missing| {
                let loaded = missing.read(&**self.opened.settler.backend()).unwrap();
                store.install(loaded);
                store.find(0, b"k").unwrap()
            });
            let number = self.opened.mark.commit + 1;
            let padding = 300;
            store.set_string(0, b"k", old, Bytes::from(format!("{number:padding$}")), None);
            self.opened.mark = self.journal.append(&store.take_batch(Vec::new())).unwrap();
            assert_eq!(self.opened.mark.commit, number);
        }
        let mark = self.journal.syncer().sync().unwrap();
        self.watermark.advance(mark, true).unwrap();
    }

    fn checkpoint(&mut self) {
        let (store, settler) = (&mut self.opened.store, &mut self.opened.settler);
        let mut gathered = Gathered::default();
        store.gather(settler.epoch(), usize::MAX, &mut gathered);
        let meta = store.meta(self.opened.mark, settler.epoch());
        settler.complete(gathered, &meta).unwrap();
        self.journal.drop_through(meta.applied.commit).unwrap();
        store.completed(meta.epoch);
    }

    /// The number that the last commit wrote.
    fn number(&mut self) -> u64 {
        let store = &mut self.opened.store;
        let found = store.find(0, b"k").unwrap_or_else(|missing| {
            let loaded = missing.read(&**self.opened.settler.backend()).unwrap();
            store.install(loaded);
            store.find(0, b"k").unwrap()
        });
        let text = found.map(|key| String::from_utf8(store.string(key).unwrap().to_vec()).unwrap());
        text.map_or(0, |text| text.trim().parse().unwrap())
    }
}

const BEFORE: u64 = 100;
const AFTER: u64 = 200;

/// A folder with a checkpoint at commit 100 and the journal up to commit 200.
fn written() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(folder.path(), false).unwrap();
    opened.write(BEFORE);
    opened.checkpoint();
    opened.write(AFTER - BEFORE);
    folder
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
    paths.sort();
    assert!(paths.len() >= 4, "{paths:?}");
    paths
}

fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 4], at).unwrap();
}

/// Damages a written folder: it must be refused as loss, and served with what is left once that is accepted.
fn is_noticed(what: &str, damage: impl Fn(&Path)) {
    let folder = written();
    damage(folder.path());
    for _ in 0..2 {
        let refused = open(folder.path(), false).map(|opened| opened.opened.mark);
        assert!(matches!(refused, Err(StorageError::DataLoss { .. })), "{what}: {refused:?}");
    }
    let mut left = open(folder.path(), true).unwrap_or_else(|error| panic!("{what}, accepted: {error}"));
    let commit = left.opened.mark.commit;
    assert!(commit < AFTER, "{what}: {commit}");
    assert_eq!(left.number(), commit, "{what}: a state that was committed");
    assert!(left.warnings.iter().any(|warning| warning.contains("accepted")), "{what}: {:?}", left.warnings);
    // Nothing was written since: accepted is accepted.
    drop(left);
    let mut left = open(folder.path(), false).unwrap_or_else(|error| panic!("{what}, at once: {error}"));
    assert_eq!(left.number(), commit, "{what}");
    left.write(5);
    drop(left);
    let mut again = open(folder.path(), false).unwrap_or_else(|error| panic!("{what}, afterwards: {error}"));
    assert_eq!((again.opened.mark.commit, again.number()), (commit + 5, commit + 5), "{what}");
}

#[test]
fn a_folder_comes_back_as_it_was_left() {
    let folder = written();
    for round in 0..3 {
        let mut opened = open(folder.path(), false).unwrap();
        assert_eq!((opened.opened.mark.commit, opened.number()), (AFTER + 10 * round, AFTER + 10 * round));
        assert_eq!(opened.opened.replayed, if round < 2 { AFTER - BEFORE + 10 * round } else { 10 });
        assert!(opened.warnings.is_empty(), "{:?}", opened.warnings);
        let second = open(folder.path(), false).map(drop);
        assert!(matches!(second, Err(StorageError::Locked(_))), "{second:?}");
        if round == 1 {
            opened.checkpoint();
        }
        opened.write(10);
    }
}

#[test]
fn a_checkpoint_alone_is_enough_once_everything_is_settled() {
    let folder = written();
    let mut opened = open(folder.path(), false).unwrap();
    opened.checkpoint();
    drop(opened);
    std::fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let mut opened = open(folder.path(), false).unwrap();
    assert_eq!((opened.opened.replayed, opened.number()), (0, AFTER));
}

#[test]
fn a_lost_backend_does_not_matter_while_the_journal_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path(), false).unwrap().write(150);
    std::fs::remove_dir_all(folder.path().join("backend")).unwrap();
    let mut opened = open(folder.path(), false).unwrap();
    assert_eq!((opened.opened.replayed, opened.number()), (150, 150));
}

#[test]
fn missing_files_are_noticed() {
    is_noticed("newest segment deleted", |folder| std::fs::remove_file(segments(folder).last().unwrap()).unwrap());
    is_noticed("middle segment deleted", |folder| {
        let segments = segments(folder);
        std::fs::remove_file(&segments[segments.len() / 2]).unwrap();
    });
    is_noticed("oldest segment deleted", |folder| std::fs::remove_file(&segments(folder)[0]).unwrap());
    is_noticed("journal deleted", |folder| std::fs::remove_dir_all(folder.join("journal")).unwrap());
    is_noticed("backend deleted", |folder| std::fs::remove_dir_all(folder.join("backend")).unwrap());
    is_noticed("journal and backend deleted", |folder| {
        std::fs::remove_dir_all(folder.join("journal")).unwrap();
        std::fs::remove_dir_all(folder.join("backend")).unwrap();
    });
}

#[test]
fn damaged_files_are_noticed() {
    is_noticed("newest segment cut in the middle", |folder| {
        let file = File::options().write(true).open(segments(folder).last().unwrap()).unwrap();
        file.set_len(4096 + 400).unwrap();
    });
    is_noticed("newest segment empty", |folder| {
        File::options().write(true).truncate(true).open(segments(folder).last().unwrap()).unwrap();
    });
    for at in [9, 4096 + 2, 4096 + 500, 4096 + 1200] {
        is_noticed(&format!("bit flipped at {at} of a middle segment"), |folder| {
            let segments = segments(folder);
            flip(&segments[segments.len() / 2], at);
        });
    }
}

#[test]
fn a_damaged_watermark_is_refused_and_a_missing_one_is_told() {
    let folder = written();
    let watermark = folder.path().join("watermark");
    flip(&watermark, 10);
    assert_eq!(open(folder.path(), false).unwrap().opened.mark.commit, AFTER, "the other slot is enough");
    flip(&watermark, 4096 + 10);
    let refused = open(folder.path(), false).map(drop);
    assert!(matches!(refused, Err(StorageError::Damaged { .. })), "{refused:?}");
    assert_eq!(open(folder.path(), true).unwrap().number(), AFTER);
    assert_eq!(open(folder.path(), false).unwrap().number(), AFTER, "accepting it has repaired it");
    std::fs::remove_file(&watermark).unwrap();
    let mut opened = open(folder.path(), false).unwrap();
    assert_eq!(opened.number(), AFTER);
    assert!(opened.warnings.iter().any(|warning| warning.contains("watermark")), "{:?}", opened.warnings);
}
