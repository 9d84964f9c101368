//! The conformance suite on RocksDB, and what only a disk can show: restarts, crashes, space, damage.
//!
//! Owns: nothing. Must never know: the layers above. Read next: `../conformance.rs`.

mod measure;
#[cfg(feature = "memory")]
mod model;

use super::super::conformance::{self, Pairs, contents, put};
use super::*;
use std::ops::{ControlFlow, Deref};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A database in a folder that goes away with it.
struct Fresh {
    rocks: Rocks,
    _folder: TempDir,
}

impl Deref for Fresh {
    type Target = Rocks;
    fn deref(&self) -> &Rocks {
        &self.rocks
    }
}

fn small() -> Options {
    Options { cache_bytes: 4 << 20, write_buffer_bytes: 8 << 20, ..Options::default() }
}

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh { rocks: Rocks::open(folder.path(), small()).unwrap(), _folder: folder }
}

conformance::cases!(*fresh());

/// Bytes that no codec can shrink.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(len).collect()
}

/// `[epoch][number]`, as chunks have it.
fn chunk_key(epoch: u64, number: u64) -> Vec<u8> {
    [epoch.to_be_bytes(), number.to_be_bytes()].concat()
}

/// One epoch of 16 KiB chunks, flushed.
fn epoch(rocks: &Rocks, epoch: u64, chunks: u64) {
    for number in 0..chunks {
        let chunk = noise(epoch << 32 | number, 16 << 10);
        rocks.write(&[put(Space::Chunks, &chunk_key(epoch, number), &chunk)]).unwrap();
    }
    rocks.write(&[put(Space::Meta, b"applied", &epoch.to_be_bytes())]).unwrap();
    rocks.flush().unwrap();
}

/// Size of all table files in the folder: the truth, not RocksDB's opinion.
fn table_bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    // A file may vanish between listing and asking.
    let tables = files.filter(|file| file.path().extension().is_some_and(|ext| ext == "sst"));
    tables.filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum()
}

fn eventually(what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(20), "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    start.elapsed()
}

/// The live table files of a space: to see whether they were moved or rewritten.
fn files_of(rocks: &Rocks, space: Space) -> Vec<LiveFile> {
    let mut files = rocks.db.live_files().unwrap();
    files.retain(|file| file.column_family_name == family(space));
    files
}

#[test]
fn what_was_flushed_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected: Vec<Pairs> = Vec::new();
    {
        let rocks = Rocks::open(folder.path(), small()).unwrap();
        for space in Space::ALL {
            let writes: Vec<Write> = (0..200u8).map(|n| put(space, &[n], &noise(u64::from(n), 100))).collect();
            rocks.write(&writes).unwrap();
            rocks.write(&[Write::DeleteRange(space, vec![50], vec![60])]).unwrap();
            expected.push(contents(&rocks, space));
        }
        rocks.flush().unwrap();
    }
    let rocks = Rocks::open(folder.path(), small()).unwrap();
    for (space, expected) in Space::ALL.into_iter().zip(expected) {
        assert_eq!(expected.len(), 190);
        assert_eq!(contents(&rocks, space), expected, "{space:?}");
    }
    rocks.verify().unwrap();
}

/// Dropping must not flush, or tests of crashes would test nothing.
#[test]
fn what_was_not_flushed_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    {
        let rocks = Rocks::open(folder.path(), small()).unwrap();
        rocks.write(&[put(Space::Meta, b"a", b"1"), put(Space::Chunks, b"a", b"1")]).unwrap();
        rocks.flush().unwrap();
        rocks.write(&[put(Space::Meta, b"b", b"2"), Write::Delete(Space::Chunks, b"a".to_vec())]).unwrap();
    }
    let rocks = Rocks::open(folder.path(), small()).unwrap();
    let expected = vec![(b"a".to_vec(), b"1".to_vec())];
    assert_eq!(contents(&rocks, Space::Meta), expected);
    assert_eq!(contents(&rocks, Space::Chunks), expected);
}

/// Far more than the write buffers hold: RocksDB flushes by itself in between, and we stop at an arbitrary moment. Each
/// batch touches four families of very different weight; what is found must be batches `0..n` exactly, in each.
#[test]
fn a_stop_without_flush_leaves_a_prefix_of_whole_batches() {
    let spaces = [Space::Meta, Space::Values, Space::Pending, Space::Chunks];
    for batches in [1_500u64, 2_000] {
        let folder = tempfile::tempdir().unwrap();
        {
            let rocks = Rocks::open(folder.path(), small()).unwrap();
            for number in 0..batches {
                let key = number.to_be_bytes();
                let mut batch: Vec<Write> = spaces.iter().map(|space| put(*space, &key, b"")).collect();
                batch.push(put(Space::Chunks, &[&key[..], b"x"].concat(), &noise(number, 16 << 10)));
                rocks.write(&batch).unwrap();
            }
        }
        let rocks = Rocks::open(folder.path(), small()).unwrap();
        let found = contents(&rocks, Space::Meta).len() as u64;
        assert!(found > 0, "the buffers must have overflowed");
        assert!(found < batches, "the last batches must have been lost");
        for space in spaces {
            let numbers: Vec<u64> = contents(&rocks, space)
                .iter()
                .filter(|(key, _)| key.len() == 8)
                .map(|(key, _)| u64::from_be_bytes(key[..].try_into().unwrap()))
                .collect();
            assert_eq!(numbers, (0..found).collect::<Vec<_>>(), "{space:?}");
        }
        assert_eq!(contents(&rocks, Space::Chunks).len() as u64, 2 * found);
    }
}

#[test]
fn reclaimed_epochs_give_their_disk_space_back() {
    let rocks = fresh();
    for number in 0..8 {
        epoch(&rocks, number, 512);
    }
    let full = table_bytes(rocks.path());
    assert!(full > 60 << 20, "{full}");
    let start = Instant::now();
    for number in (0..8).step_by(2) {
        rocks.reclaim(Space::Chunks, &chunk_key(number, 0), &chunk_key(number + 1, 0)).unwrap();
    }
    let called = start.elapsed();
    // A file that compaction is just moving is not dropped but gets a tombstone; that takes two checkpoints.
    let waited = eventually("half of the disk space is back", || {
        rocks.flush().unwrap();
        table_bytes(rocks.path()) < full * 55 / 100
    });
    println!("reclaim of 32 of 64 MiB: calls {called:?}, then {waited:?}");
    let left = table_bytes(rocks.path());
    assert!(left > full * 45 / 100, "the other half must stay: {left} of {full}");
    eventually("the statistics agree", || rocks.stats().disk_bytes < full * 55 / 100);
    let numbers: Vec<u8> = contents(&*rocks, Space::Chunks).iter().map(|(key, _)| key[7]).collect();
    assert_eq!(numbers.len(), 4 * 512);
    assert!(numbers.iter().all(|number| number % 2 == 1));
}

/// Chunks are written once: files must be moved down, never rewritten.
#[test]
fn compaction_moves_epochs_instead_of_rewriting_them() {
    let rocks = fresh();
    for number in 0..12 {
        epoch(&rocks, number, 256);
    }
    let moved = || files_of(&rocks, Space::Chunks).iter().all(|file| file.level > 0);
    eventually("no file is left in level 0", moved);
    let files = files_of(&rocks, Space::Chunks);
    let epochs = files.iter().map(|file| (file.start_key.as_ref().unwrap()[7], file.end_key.as_ref().unwrap()[7]));
    let mut epochs: Vec<(u8, u8)> = epochs.collect();
    epochs.sort_unstable();
    // More than one file where the buffers were full within an epoch; but none that compaction merged from two.
    epochs.dedup();
    assert_eq!(epochs, (0..12).map(|number| (number, number)).collect::<Vec<_>>());
}

/// A dead stream inside a living epoch: no whole file can go, so a tombstone must do it.
#[test]
fn part_of_an_epoch_gives_its_space_back_too() {
    let rocks = fresh();
    for number in 0..3 {
        epoch(&rocks, number, 512);
    }
    let full = table_bytes(rocks.path());
    rocks.reclaim(Space::Chunks, &chunk_key(1, 100), &chunk_key(1, 500)).unwrap();
    let waited = eventually("400 of 512 chunks are back", || {
        rocks.flush().unwrap();
        table_bytes(rocks.path()) < full - (5 << 20)
    });
    println!("reclaim inside a file: {waited:?}");
    assert_eq!(contents(&*rocks, Space::Chunks).len(), 3 * 512 - 400);
}

/// Deleting a chunk of an old epoch makes the flushed file overlap everything since. What is rewritten for it must be
/// bounded by the size of one level, not by the size of the store.
#[test]
fn a_tombstone_in_an_old_epoch_rewrites_little() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { file_bytes: 4 << 20, background_bytes_per_second: 0, ..small() };
    let rocks = Rocks::open(folder.path(), options).unwrap();
    for number in 0..32 {
        epoch(&rocks, number, 192);
    }
    let busy =
        || rocks.stats().pending_compaction_bytes > 0 || files_of(&rocks, Space::Chunks).iter().any(|f| f.level == 0);
    eventually("compaction is idle", || !busy());
    let before = files_of(&rocks, Space::Chunks);
    rocks.write(&[Write::Delete(Space::Chunks, chunk_key(2, 7))]).unwrap();
    epoch(&rocks, 40, 192);
    eventually("compaction is idle again", || !busy());
    let after = files_of(&rocks, Space::Chunks);
    let rewritten: Vec<_> = before.iter().filter(|old| after.iter().all(|new| new.name != old.name)).collect();
    let bytes: usize = rewritten.iter().map(|file| file.size).sum();
    println!("rewritten: {} of {} files, {bytes} bytes", rewritten.len(), before.len());
    assert!(bytes <= 16 << 20, "{bytes}");
    assert_eq!(rocks.get(Space::Chunks, &chunk_key(2, 7)).unwrap(), None);
}

#[test]
fn small_files_are_merged_on_request() {
    let rocks = fresh();
    for number in 0..20 {
        epoch(&rocks, number, 4);
    }
    let before = contents(&*rocks, Space::Chunks);
    eventually("no file is left in level 0", || files_of(&rocks, Space::Chunks).iter().all(|file| file.level > 0));
    assert_eq!(rocks.tidy().unwrap(), 20);
    assert_eq!(files_of(&rocks, Space::Chunks).len(), 1);
    assert_eq!(contents(&*rocks, Space::Chunks), before);
    assert_eq!(rocks.tidy().unwrap(), 0);
    // Large files are left alone.
    for number in 20..30 {
        epoch(&rocks, number, 300);
    }
    assert_eq!(rocks.tidy().unwrap(), 0);
}

#[test]
fn a_second_open_says_that_the_folder_is_in_use() {
    let rocks = fresh();
    let again = Rocks::open(rocks.path(), small());
    assert!(matches!(again, Err(StorageError::Locked(path)) if path == rocks.path()));
}

#[test]
fn damage_is_an_error_not_an_end() {
    let folder = tempfile::tempdir().unwrap();
    {
        let rocks = Rocks::open(folder.path(), small()).unwrap();
        epoch(&rocks, 0, 64);
    }
    let tables = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let largest = tables.filter(|path| path.extension().is_some_and(|ext| ext == "sst"));
    let largest = largest.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&largest, bytes).unwrap();

    let rocks = Rocks::open(folder.path(), small()).unwrap();
    let mut visit = |_: &[u8], _: &[u8]| ControlFlow::Continue(());
    let scanned = rocks.scan(Space::Chunks, &[], &[0xff], &mut visit);
    assert!(matches!(scanned, Err(StorageError::Corrupt { .. })), "{scanned:?}");
    assert!(matches!(rocks.verify(), Err(StorageError::Corrupt { .. })));
}

#[test]
fn a_first_start_that_was_cut_off_is_no_database_yet() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = rocksdb::Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    drop(DB::open_cf(&options, folder.path(), ["default", "names"]).unwrap());
    assert!(Rocks::open_to_read(folder.path(), small()).unwrap().is_none());
    let rocks = Rocks::open(folder.path(), small()).unwrap();
    drop(rocks);
    assert!(Rocks::open_to_read(folder.path(), small()).unwrap().is_some());
}

/// A folder that cannot be written to: the error has the operating system's words in it.
#[test]
fn an_io_error_keeps_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, b"").unwrap();
    let why = Rocks::open(file.join("inside"), small()).err().map(|why| why.to_string()).unwrap_or_default();
    assert!(why.contains("Not a directory"), "{why}");
}

#[test]
fn statistics_stay_within_the_budget() {
    let rocks = fresh();
    assert_eq!(rocks.health(), Health::default());
    for number in 0..4 {
        epoch(&rocks, number, 1024);
    }
    contents(&*rocks, Space::Chunks);
    let stats = rocks.stats();
    assert!(stats.disk_bytes > 60 << 20, "{stats:?}");
    assert!(stats.cache_bytes > 1 << 20, "{stats:?}");
    assert!(stats.cache_bytes + stats.memtable_bytes <= (12 << 20) + (1 << 20), "{stats:?}");
    assert_eq!(stats.background_errors, 0);
}

#[test]
fn looking_changes_no_file_and_a_scrub_finds_each_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Rocks::open_to_read(folder.path(), small()).unwrap().is_none(), "there is nothing yet");
    {
        let rocks = Rocks::open(folder.path(), small()).unwrap();
        epoch(&rocks, 0, 64);
        epoch(&rocks, 1, 64);
    }
    let files = || {
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<(PathBuf, Vec<u8>)> =
            names.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    let look = || {
        let rocks = Rocks::open_to_read(folder.path(), small()).unwrap().unwrap();
        let mut found = Vec::new();
        rocks.scrub(&mut |why| found.push(why.to_string()));
        assert!(rocks.write(&[put(Space::Meta, b"applied", b"x")]).is_err(), "it was opened to be read");
        found
    };
    let before = files();
    assert_eq!(look(), Vec::<String>::new());
    assert_eq!(files(), before);
    let large =
        before.iter().filter(|(path, bytes)| path.extension().is_some_and(|e| e == "sst") && bytes.len() > 1 << 19);
    let damaged: Vec<String> = large
        .map(|(path, bytes)| {
            let mut bytes = bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            std::fs::write(path, bytes).unwrap();
            path.file_name().unwrap().to_string_lossy().into_owned()
        })
        .collect();
    let found = look();
    assert!(damaged.len() >= 2 && damaged.iter().all(|name| found.iter().any(|why| why.contains(name))), "{found:?}");
}
