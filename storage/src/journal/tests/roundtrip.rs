//! Append, open again, read; with any sizes, any number of restarts and drops between.

use super::*;
use crate::error::StorageError;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Sync,
    Prepare,
    /// Everything is applied up to so many commits before the end.
    Drop(u64),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop_oneof![0..40_usize, 100..700_usize, Just(0), Just(5000)].prop_map(Step::Append),
        2 => Just(Step::Sync),
        1 => Just(Step::Prepare),
        2 => (0..6_u64).prop_map(Step::Drop),
        2 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn what_was_appended_is_replayed(steps in prop::collection::vec(step(), 1..60), room in 600..3000_u64) {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _, _) = open(folder.path(), small(room)).unwrap();
        let mut marks = vec![Mark::default()];
        let mut payloads = Vec::new();
        let mut applied = Mark::default();
        for step in steps {
            match step {
                Step::Append(bytes) => {
                    payloads.push(numbered(marks.len(), bytes));
                    marks.push(journal.append(payloads.last().unwrap()).unwrap());
                }
                Step::Sync => prop_assert_eq!(journal.syncer().sync().unwrap(), *marks.last().unwrap()),
                Step::Prepare => journal.syncer().prepare().unwrap(),
                Step::Drop(back) => {
                    let through = (marks.len() as u64 - 1).saturating_sub(back).max(applied.commit);
                    applied = marks[through as usize];
                    journal.drop_through(applied.commit).unwrap();
                }
                Step::Reopen => {
                    drop(journal);
                    let (opened, seen, mark) = open_after(folder.path(), small(room), applied).unwrap();
                    prop_assert_eq!(mark, *marks.last().unwrap());
                    prop_assert_eq!(&seen[..], &payloads[applied.commit as usize..]);
                    prop_assert_eq!(opened.tail_damage(), None);
                    prop_assert!(opened.live_bytes() >= seen.iter().map(|p| p.len() as u64).sum());
                    journal = opened;
                }
            }
        }
    }
}

#[test]
fn a_record_larger_than_a_segment_gets_a_file_of_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    let sizes = [10, 100_000, 0, 2_000_000, 10];
    for (n, &bytes) in sizes.iter().enumerate() {
        journal.append(&numbered(n, bytes)).unwrap();
    }
    let (mut journal, seen, mark) = open(folder.path(), small(1000)).unwrap();
    assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), sizes);
    assert_eq!(segments(folder.path()).len(), 5);
    journal.append(b"x").unwrap();
    journal.drop_through(mark.commit).unwrap();
    assert_eq!((segments(folder.path()).len(), spares(folder.path())), (1, 3), "odd sizes are not kept");
}

#[test]
fn an_empty_journal_goes_on_from_what_was_applied() {
    let folder = tempfile::tempdir().unwrap();
    let applied = Mark { commit: 500, chain: 12345 };
    let (mut journal, seen, mark) = open_after(folder.path(), small(1000), applied).unwrap();
    assert_eq!((seen.len(), mark), (0, applied));
    let mark = journal.append(b"next").unwrap();
    assert_eq!(mark.commit, 501);
    drop(journal);
    assert_eq!(open_after(folder.path(), small(1000), applied).unwrap().1, [b"next"]);
    let elsewhere = Mark { chain: 54321, ..applied };
    assert!(matches!(open_after(folder.path(), small(1000), elsewhere), Err(StorageError::Damaged { .. })));
}

#[test]
fn the_applied_chain_is_compared_in_the_middle_of_a_segment() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    let marks: Vec<_> = (0..9).map(|n| journal.append(&[n]).unwrap()).collect();
    assert_eq!(open_after(folder.path(), small(1000), marks[4]).unwrap().1, [[5], [6], [7], [8]]);
    let wrong = Mark { chain: marks[4].chain ^ 1, ..marks[4] };
    assert!(matches!(open_after(folder.path(), small(1000), wrong), Err(StorageError::Damaged { .. })));
}

#[test]
fn a_store_ahead_of_its_journal_wins() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    journal.append(b"old").unwrap();
    drop(journal);
    let ahead = Mark { commit: 40, chain: 4 };
    let (mut journal, seen, mark) = open_after(folder.path(), small(1000), ahead).unwrap();
    assert_eq!((seen.len(), mark), (0, ahead));
    journal.append(b"new").unwrap();
    drop(journal);
    assert_eq!(open_after(folder.path(), small(1000), ahead).unwrap().1, [b"new"]);
}

#[test]
fn misuse_is_refused_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = FileJournal::open(folder.path(), small(1000)).unwrap();
    assert!(journal.append(b"early").is_err());
    journal.replay(Mark::default(), &mut |_, _| Ok(())).unwrap();
    journal.append(b"in time").unwrap();
    assert!(journal.replay(Mark::default(), &mut |_, _| Ok(())).is_err());
    journal.append(b"still").unwrap();
}

#[test]
fn an_error_of_the_visitor_ends_the_replay() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(1000)).unwrap();
    journal.append(b"a").unwrap();
    let mut journal = FileJournal::open(folder.path(), small(1000)).unwrap();
    let stopped = journal.replay(Mark::default(), &mut |_, _| Err(StorageError::corrupt("batch", "unknown tag")));
    assert!(matches!(stopped, Err(StorageError::Corrupt { what: "batch", .. })));
}
