//! Records of another history: written once, never synced, and still on disk where the new history goes.

use super::*;
use std::fs::File;
use std::os::unix::fs::FileExt;

const SIZE: u64 = 24 + 32;

/// Writes 1..=10 and tears `torn`, as a power cut does that kept later pages; returns the payloads.
fn torn(folder: &Path, options: FileJournalOptions, torn: u64) -> Payloads {
    let (mut journal, _, _) = open(folder, options).unwrap();
    let payloads: Payloads = (1..=10).map(|n| numbered(n, 32)).collect();
    append_all(&mut journal, &payloads);
    let file = File::options().write(true).open(&segments(folder)[0]).unwrap();
    file.write_all_at(&[0; SIZE as usize], RECORDS_AT + (torn - 1) * SIZE).unwrap();
    payloads
}

#[test]
fn the_same_record_again_does_not_bring_its_old_successors_back() {
    let folder = tempfile::tempdir().unwrap();
    let payloads = torn(folder.path(), small(1000), 8);
    let (mut journal, seen, _) = open(folder.path(), small(1000)).unwrap();
    assert_eq!(seen, payloads[..7]);
    // Byte for byte what stood there: commit, payload and chain are those of the first history.
    journal.append(&payloads[7]).unwrap();
    drop(journal);
    assert_eq!(open(folder.path(), small(1000)).unwrap().1, payloads[..8], "9 and 10 stay dead");
}

#[test]
fn nor_in_the_very_file_that_holds_them() {
    // The first record is torn, so the whole file is dead and the next segment is made of it: the old 2..=10 stand
    // exactly where they would continue the new 1.
    let folder = tempfile::tempdir().unwrap();
    let payloads = torn(folder.path(), small(1000), 1);
    let stale = std::fs::read(&segments(folder.path())[0]).unwrap();
    let (mut journal, seen, _) = open(folder.path(), small(1000)).unwrap();
    assert!(seen.is_empty());
    journal.append(&payloads[0]).unwrap();
    drop(journal);
    let files = segments(folder.path());
    assert_eq!(files.len(), 1);
    let bytes = std::fs::read(&files[0]).unwrap();
    let behind = (RECORDS_AT + SIZE) as usize;
    assert_eq!(bytes[behind..], stale[behind..], "the old records are still there");
    assert_eq!(open(folder.path(), small(1000)).unwrap().1, payloads[..1]);
}

#[test]
fn the_salt_is_what_keeps_them_dead() {
    // The control: with the same nonce and the same sequence number (the file's old name and header lost with the
    // power), the old successors are taken for the truth. So the nonce must differ, and by default it does.
    for (nonce, expected) in [(7, 10), (8, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let first = FileJournalOptions { nonce: 7, ..small(1000) };
        let payloads = torn(folder.path(), first, 1);
        std::fs::rename(&segments(folder.path())[0], folder.path().join("00000000000000000001.spare")).unwrap();
        let second = FileJournalOptions { nonce, ..first };
        open(folder.path(), second).unwrap().0.append(&payloads[0]).unwrap();
        assert_eq!(open(folder.path(), second).unwrap().1.len(), expected);
    }
    assert_ne!(FileJournalOptions::default().nonce, FileJournalOptions::default().nonce);
}

#[test]
fn a_later_segment_of_the_old_history_is_not_reached_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
    let payloads: Payloads = (1..=9).map(|n| numbered(n, 32)).collect();
    append_all(&mut journal, &payloads);
    drop(journal);
    let old = segments(folder.path());
    assert_eq!(old.len(), 3, "three records each");
    let third = std::fs::read(&old[2]).unwrap();
    let second = File::options().write(true).open(&old[1]).unwrap();
    second.write_all_at(&[0; 8], RECORDS_AT + 2 * SIZE).unwrap();
    // 1..=5 are left. The same 6 again, and the power goes before the old third segment's removal is durable.
    let (mut journal, seen, _) = open(folder.path(), small(200)).unwrap();
    assert_eq!(seen, payloads[..5]);
    journal.append(&payloads[5]).unwrap();
    drop(journal);
    std::fs::write(&old[2], &third).unwrap();
    let (journal, seen, _) = open(folder.path(), small(200)).unwrap();
    // The header of the old third segment does continue 1..=6 exactly. Only its removal, durable before the first
    // append, keeps it out; here it was put back by hand in front of the new one, and the newer one is right.
    assert_eq!(seen, payloads[..6]);
    assert_eq!(journal.tail_damage(), None, "an older segment is not behind the end");
}

#[test]
fn a_file_under_the_name_it_had_before_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
    let marks: Vec<_> = (1..=4).map(|n| journal.append(&numbered(n, 32)).unwrap()).collect();
    journal.drop_through(3).unwrap();
    append_all(&mut journal, &(5..=7).map(|n| numbered(n, 32)).collect::<Payloads>());
    drop(journal);
    // The first file was recycled as the third; its renaming is lost, its new content is not.
    let files = segments(folder.path());
    assert_eq!(files.len(), 2);
    std::fs::rename(&files[1], folder.path().join("00000000000000000001.journal")).unwrap();
    let (journal, seen, _) = open_after(folder.path(), small(200), marks[2]).unwrap();
    assert_eq!(seen, (4..=6).map(|n| numbered(n, 32)).collect::<Payloads>());
    assert_eq!(journal.tail_damage(), None);
}
