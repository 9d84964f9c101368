//! Recycled files: bounded, and never a source of records.

use super::*;

#[test]
fn many_rounds_of_recycling_never_show_a_stale_record() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(900)).unwrap();
    let (mut marks, mut sizes) = (vec![Mark::default()], 17_usize);
    let mut applied = Mark::default();
    for round in 0..200_usize {
        for _ in 0..=round % 7 {
            sizes = sizes * 31 % 601;
            marks.push(journal.append(&numbered(marks.len(), sizes)).unwrap());
        }
        applied = marks[marks.len() - 1 - round % 3 % marks.len()];
        journal.drop_through(applied.commit).unwrap();
        assert!(spares(folder.path()) <= 3, "spare files are bounded");
        if round % 5 == 0 {
            drop(journal);
            let (opened, seen, mark) = open_after(folder.path(), small(900), applied).unwrap();
            assert_eq!(mark, *marks.last().unwrap());
            for (payload, commit) in seen.iter().zip(applied.commit as usize + 1..) {
                assert_eq!(*payload, numbered(commit, payload.len()));
            }
            journal = opened;
        }
    }
    let files = segments(folder.path()).len() + spares(folder.path());
    assert!(files <= 8, "{files} files after {} commits, applied {}", marks.len() - 1, applied.commit);
}

#[test]
fn live_bytes_fall_with_a_drop_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    for n in 0..10 {
        journal.append(&numbered(n, 76)).unwrap();
    }
    assert_eq!(journal.live_bytes(), 1000);
    drop(journal);
    let (mut journal, _, mark) = open(folder.path(), small(1000)).unwrap();
    assert_eq!(journal.live_bytes(), 1000);
    journal.drop_through(mark.commit).unwrap();
    assert_eq!(journal.live_bytes(), 0);
}

#[test]
fn prepared_files_are_used_before_new_ones_are_made() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(100)).unwrap();
    journal.syncer().prepare().unwrap();
    assert_eq!(spares(folder.path()), 1);
    journal.append(&[0; 60]).unwrap();
    assert_eq!((spares(folder.path()), segments(folder.path()).len()), (0, 1));
    journal.append(&[0; 60]).unwrap();
    assert_eq!(segments(folder.path()).len(), 2, "made in place where none is ready");
}

#[test]
fn a_clean_restart_reuses_the_file_it_left() {
    let folder = tempfile::tempdir().unwrap();
    let mut applied = Mark::default();
    for _ in 0..20 {
        let (mut journal, _, _) = open_after(folder.path(), small(1000), applied).unwrap();
        applied = journal.append(b"one more run").unwrap();
        journal.syncer().sync().unwrap();
        journal.drop_through(applied.commit).unwrap();
    }
    assert_eq!(segments(folder.path()).len() + spares(folder.path()), 1);
}

#[test]
fn files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let (mut journal, _, _) = open(&path, small(1000)).unwrap();
    journal.append(b"secret").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&segments(&path)[0])), (0o700, 0o600));
}

#[test]
fn what_is_released_can_be_given_back_while_others_append() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(200)).unwrap();
    let marks: Vec<_> = (1..=6).map(|n| journal.append(&numbered(n, 150)).unwrap()).collect();
    let released = journal.release_through(4);
    assert_eq!((segments(folder.path()).len(), spares(folder.path())), (6, 0), "no file was touched yet");
    std::thread::scope(|scope| {
        let giving = scope.spawn(|| released.give_back());
        for n in 7..40 {
            journal.append(&numbered(n, 150)).unwrap();
            journal.syncer().sync().unwrap();
        }
        giving.join().unwrap().unwrap();
    });
    // Nor does a crash between the two matter.
    let _ = journal.release_through(10);
    drop(journal);
    let (journal, seen, _) = open_after(folder.path(), small(200), marks[3]).unwrap();
    assert_eq!(seen, (5..40).map(|n| numbered(n, 150)).collect::<Payloads>());
    assert_eq!(journal.tail_damage(), None);
}
