//! Backups of a folder with a few files in place of a backend's.

use super::*;
use crate::backend::memory::Memory;
use crate::open::{FolderOptions, open_folder_over};
use std::sync::Arc;

const MARK: Mark = Mark { commit: 7, chain: 0xabc };

/// Stands in for a backend that puts its files somewhere.
fn snapshot(path: &Path) -> Result<()> {
    disk::create_folder(path)?;
    for (name, text) in [("000001.sst", "one"), ("CURRENT", "two"), ("empty", "")] {
        fs::write(path.join(name), text).unwrap();
    }
    Ok(())
}

fn made(root: &Path, commit: u64) -> PathBuf {
    let name = Draft::begin(root, Mark { commit, ..MARK }, snapshot).unwrap().seal(5).unwrap();
    root.join(name)
}

fn names(root: &Path) -> Vec<String> {
    list(root).unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_backup_is_whole_or_has_no_name() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path().join("backups");
    assert!(list(&root).unwrap().is_empty(), "no folder, no backups");
    let draft = Draft::begin(&root, MARK, snapshot).unwrap();
    assert!(list(&root).unwrap().is_empty());
    assert_eq!(draft.seal(5).unwrap(), "commit-000000000007");
    let [(name, manifest)] = &list(&root).unwrap()[..] else { panic!("one") };
    let manifest = manifest.as_ref().unwrap();
    assert_eq!((name.as_str(), manifest.mark, manifest.at_ms, manifest.bytes()), ("commit-000000000007", MARK, 5, 6));
    assert_eq!(verify(&root.join(name), |_| {}).unwrap(), [""; 0]);
}

#[test]
fn what_was_left_behind_is_removed_by_the_next() {
    let parent = tempfile::tempdir().unwrap();
    let root = parent.path();
    drop(Draft::begin(root, MARK, snapshot).unwrap());
    let failing = |path: &Path| {
        snapshot(path)?;
        Err(StorageError::Backend("no".into()))
    };
    assert!(Draft::begin(root, MARK, failing).is_err());
    assert!(list(root).unwrap().is_empty());
    made(root, 8);
    assert_eq!(names_in(root).unwrap(), ["commit-000000000008"]);
}

#[test]
fn the_newest_stay_and_the_same_commit_is_replaced() {
    let parent = tempfile::tempdir().unwrap();
    for commit in [9, 10, 11, 10] {
        made(parent.path(), commit);
    }
    prune(parent.path(), 2).unwrap();
    assert_eq!(names(parent.path()), ["commit-000000000010", "commit-000000000011"]);
    prune(parent.path(), 0).unwrap();
    assert!(names_in(parent.path()).unwrap().is_empty());
}

#[test]
fn every_damage_is_found() {
    let parent = tempfile::tempdir().unwrap();
    let path = made(parent.path(), 1);
    let sst = path.join("backend/000001.sst");
    fs::write(&sst, "onE").unwrap();
    assert_eq!(verify(&path, |_| {}).unwrap(), ["backend/000001.sst: other contents"]);
    fs::write(&sst, "on").unwrap();
    assert_eq!(verify(&path, |_| {}).unwrap(), ["backend/000001.sst: 2 bytes instead of 3"]);
    fs::remove_file(&sst).unwrap();
    fs::write(path.join("backend/new"), "").unwrap();
    let findings = verify(&path, |_| {}).unwrap();
    assert!(findings[0].starts_with("open ") && findings[0].contains("000001.sst"), "{findings:?}");
    assert_eq!(findings[1], "backend/new: not part of the backup");
    assert!(restore(&path, &parent.path().join("to"), |_| {}).is_err());
    fs::remove_file(path.join("BACKUP")).unwrap();
    assert!(verify(&path, |_| {}).is_err());
}

#[test]
fn a_restored_folder_opens_at_the_backups_commit() {
    let parent = tempfile::tempdir().unwrap();
    let (path, target) = (made(parent.path(), 7), parent.path().join("deep/data"));
    let mut copied = 0;
    assert_eq!(restore(&path, &target, |bytes| copied += bytes).unwrap().mark, MARK);
    assert_eq!(copied, 6);
    for (name, text) in [("000001.sst", "one"), ("CURRENT", "two"), ("empty", "")] {
        assert_eq!(fs::read_to_string(target.join("backend").join(name)).unwrap(), text);
    }
    let refused = restore(&path, &target, |_| {}).unwrap_err().to_string();
    assert!(refused.contains("the folder is not empty"), "{refused}");
    // What was restored claims to hold commit 7, so a backend that holds less is not served.
    let opened = open_folder_over(&target, &FolderOptions::default(), |_, _| Ok(Arc::new(Memory::new())));
    assert!(matches!(opened.err(), Some(StorageError::DataLoss { durable: 7, recovered: 0, .. })));
}

#[test]
fn half_a_restore_does_not_open() {
    let parent = tempfile::tempdir().unwrap();
    let (path, target) = (made(parent.path(), 7), parent.path().join("data"));
    fs::write(path.join("backend/empty"), "full").unwrap();
    let refused = restore(&path, &target, |_| {}).unwrap_err().to_string();
    assert!(refused.contains("backend/empty is not what its manifest says"), "{refused}");
    let opened = open_folder_over(&target, &FolderOptions::default(), |_, _| Ok(Arc::new(Memory::new())));
    assert!(matches!(opened.err(), Some(StorageError::Corrupt { .. })));
}
