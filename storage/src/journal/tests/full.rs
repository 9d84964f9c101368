//! A full disk: nothing is lost, nothing is poisoned, and what could not be appended can be appended later.

use super::*;
use crate::error::StorageError;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn pretend(journal: &FileJournal, free: u64) {
    journal.shared.spares.pretended_free.store(free, Ordering::Relaxed);
}

fn is_full<T: std::fmt::Debug>(outcome: Result<T>) {
    assert!(matches!(&outcome, Err(error) if error.is_full()), "{outcome:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_write_that_found_no_room_is_repeated_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    journal.append(b"before").unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let active = journal.active.as_mut().unwrap();
    let full = Arc::new(super::super::segment::Segment { path: "/dev/full".into(), file: full });
    let good = std::mem::replace(&mut active.segment, full);
    is_full(journal.append(b"no room"));
    is_full(journal.append(b"no room"));
    assert_eq!(journal.syncer().sync().unwrap().commit, 1, "what was appended can be synced");
    journal.active.as_mut().unwrap().segment = good;
    assert_eq!(journal.append(b"room again").unwrap().commit, 2);
    journal.syncer().sync().unwrap();
    drop(journal);
    assert_eq!(open(folder.path(), small(1000)).unwrap().1, [&b"before"[..], b"room again"]);
}

#[test]
fn no_room_for_the_next_segment_is_no_end() {
    for large in [70, 5000] {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
        journal.append(&numbered(1, 150)).unwrap();
        pretend(&journal, 4000);
        for _ in 0..3 {
            is_full(journal.append(&numbered(2, large)));
        }
        journal.drop_through(0).unwrap();
        assert_eq!(journal.syncer().sync().unwrap().commit, 1);
        assert_eq!((segments(folder.path()).len(), spares(folder.path())), (1, 0));
        pretend(&journal, u64::MAX);
        assert_eq!(journal.append(&numbered(2, large)).unwrap().commit, 2);
        drop(journal);
        let (journal, seen, _) = open(folder.path(), small(200)).unwrap();
        assert_eq!(seen, [numbered(1, 150), numbered(2, large)]);
        assert_eq!(journal.tail_damage(), None);
    }
}

#[test]
fn a_segment_that_a_checkpoint_gives_back_is_room_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
    journal.append(&numbered(1, 150)).unwrap();
    let second = journal.append(&numbered(2, 150)).unwrap();
    pretend(&journal, 0);
    is_full(journal.append(&numbered(3, 150)));
    journal.drop_through(second.commit).unwrap();
    assert_eq!(journal.append(&numbered(3, 150)).unwrap().commit, 3);
}

#[test]
fn a_last_part_is_kept_for_what_is_executed_already() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(12_288);
    let (mut journal, _, _) = open(folder.path(), options).unwrap();
    pretend(&journal, options.segment_bytes * 2 - 1);
    assert!(!journal.is_short(), "nobody has looked yet");
    is_full(journal.syncer().prepare());
    assert!(journal.is_short(), "there is no file at all");
    journal.append(&numbered(1, 8000)).unwrap();
    assert!(!journal.is_short(), "the room of the file in use is used");
    journal.append(&numbered(2, 1000)).unwrap();
    assert!(journal.is_short());
    journal.append(&numbered(3, 1000)).unwrap();
    pretend(&journal, u64::MAX);
    journal.syncer().prepare().unwrap();
    assert!(!journal.is_short());
}

#[test]
fn a_disk_that_fills_between_two_preparations_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let options = small(12_288);
    let (mut journal, _, _) = open(folder.path(), options).unwrap();
    pretend(&journal, options.segment_bytes * 2);
    journal.append(&numbered(1, 10_000)).unwrap();
    assert!(!journal.is_short(), "there is room for the next file");
    pretend(&journal, options.segment_bytes * 2 - 1);
    journal.append(&numbered(2, 8000)).unwrap();
    assert!(!journal.is_short(), "the room of the file in use is used");
    journal.append(&numbered(3, 1000)).unwrap();
    assert!(journal.is_short());
}

#[test]
fn other_failures_are_still_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
    journal.append(&numbered(1, 150)).unwrap();
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert!(journal.append(&numbered(2, 150)).is_err());
    assert!(matches!(journal.append(&numbered(2, 150)), Err(StorageError::Poisoned(_))));
}
