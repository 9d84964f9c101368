//! Syncing while others append, and failing for good.

use super::super::segment::Segment;
use super::super::{Journal, Syncer};
use super::*;
use crate::error::StorageError;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[test]
fn two_threads_sync_while_one_appends() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(20_000)).unwrap();
    let (done, appended) = (AtomicBool::new(false), AtomicU64::new(0));
    let syncer = journal.syncer();
    let watch = |syncer: Arc<dyn Syncer>| {
        let mut last = Mark::default();
        while !done.load(Ordering::Acquire) {
            let before = appended.load(Ordering::Acquire);
            let durable = syncer.sync().unwrap();
            assert!(durable.commit >= before.max(last.commit), "all that was appended before the call");
            last = durable;
            syncer.prepare().unwrap();
        }
        syncer.sync().unwrap()
    };
    let (last, ends) = std::thread::scope(|scope| {
        let ends = [scope.spawn(|| watch(syncer.clone())), scope.spawn(|| watch(syncer.clone()))];
        let mut last = Mark::default();
        for n in 0..20_000 {
            last = journal.append(&numbered(n, n % 200)).unwrap();
            appended.store(last.commit, Ordering::Release);
            if n % 1000 == 999 {
                journal.drop_through(last.commit - 500).unwrap();
            }
        }
        done.store(true, Ordering::Release);
        (last, ends.map(|end| end.join().unwrap()))
    });
    assert_eq!(ends, [last, last]);
    let header = journal.append(&vec![0; 30_000]).unwrap();
    assert_eq!(header.commit, 20_001);
}

#[test]
fn what_was_replayed_is_synced_too() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    let mark = journal.append(b"in the page cache").unwrap();
    drop(journal);
    let (journal, _, _) = open(folder.path(), small(1000)).unwrap();
    assert_eq!(journal.shared.durable(), Mark::default(), "another process wrote it; who knows whether it synced");
    assert_eq!(journal.syncer().sync().unwrap(), mark);
}

#[test]
fn one_failed_sync_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    journal.append(b"before").unwrap();
    let syncer = journal.syncer();
    syncer.sync().unwrap();
    // A pipe can not be synced: a true error of the operating system, at the right place.
    let (_reader, writer) = std::io::pipe().unwrap();
    journal.shared.smuggle(Segment { path: "pipe".into(), file: File::from(OwnedFd::from(writer)) });
    assert!(matches!(syncer.sync(), Err(StorageError::Io { action: "sync journal", .. })));
    assert!(matches!(syncer.sync(), Err(StorageError::Poisoned(_))), "though nothing would fail now");
    assert!(matches!(journal.append(b"after"), Err(StorageError::Poisoned(_))));
    assert_eq!(journal.shared.durable().commit, 1);
}

#[test]
fn one_failed_write_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    journal.append(b"before").unwrap();
    let active = journal.active.as_mut().unwrap();
    let path = active.segment.path.clone();
    active.segment = Arc::new(Segment { file: File::open(&path).unwrap(), path });
    assert!(matches!(journal.append(b"not writable"), Err(StorageError::Io { action: "write journal", .. })));
    assert!(matches!(journal.append(b"after"), Err(StorageError::Poisoned(_))));
    assert!(matches!(journal.syncer().sync(), Err(StorageError::Poisoned(_))));
    assert_eq!(open(folder.path(), small(1000)).unwrap().1, [b"before"]);
}
