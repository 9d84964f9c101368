//! Every way to damage the files: the result is a strict prefix or a refusal, and the watermark knows of any loss.

use super::*;
use crate::error::StorageError;
use crate::watermark::Watermark;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;

const ROOM: u64 = 240;

/// A journal of several small segments, synced, with its watermark; and what it holds.
fn written(folder: &Path, records: usize) -> (Vec<Mark>, Payloads) {
    let (mut journal, _, _) = open(&folder.join("journal"), small(ROOM)).unwrap();
    let mut marks = vec![Mark::default()];
    let payloads: Payloads = (1..=records).map(|n| numbered(n, n * 13 % 60)).collect();
    for payload in &payloads {
        marks.push(journal.append(payload).unwrap());
        journal.syncer().sync().unwrap();
    }
    Watermark::open(&folder.join("watermark")).unwrap().advance(marks[records], false).unwrap();
    (marks, payloads)
}

/// Opens the damaged journal: either it refuses, or it shows a prefix. True if nothing is missing.
fn honest(folder: &Path, applied: Mark, payloads: &Payloads, what: &str) -> bool {
    let watermark = Watermark::open(&folder.join("watermark")).unwrap();
    match open_after(&folder.join("journal"), small(ROOM), applied) {
        Ok((_, seen, mark)) => {
            let expected = &payloads[applied.commit as usize..];
            assert_eq!(seen, expected[..seen.len()], "{what}");
            let whole = seen.len() == expected.len();
            assert_eq!(watermark.verify(mark).is_ok(), whole, "{what}: recovered {}", mark.commit);
            whole
        }
        Err(StorageError::DataLoss { .. } | StorageError::Damaged { .. }) => false,
        Err(error) => panic!("{what}: {error}"),
    }
}

fn flip(file: &File, at: u64, bit: u8) {
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1 << bit], at).unwrap();
}

#[test]
fn a_flipped_bit_anywhere_gives_a_prefix_and_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (marks, payloads) = written(folder.path(), 16);
    let files = segments(&folder.path().join("journal"));
    assert!(files.len() >= 3);
    for applied in [marks[0], marks[6]] {
        let (mut noticed, mut harmless) = (0, 0);
        for path in &files {
            let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
            for at in (0..64).chain(RECORDS_AT..RECORDS_AT + ROOM) {
                // Every bit once, and from a later start one of each byte.
                let bits = if applied.commit == 0 { 0..8 } else { (at % 8) as u8..(at % 8) as u8 + 1 };
                for bit in bits {
                    flip(&file, at, bit);
                    let what = format!("applied {}, {}, byte {at}, bit {bit}", applied.commit, path.display());
                    let whole = honest(folder.path(), applied, &payloads, &what);
                    *(if whole { &mut harmless } else { &mut noticed }) += 1;
                    flip(&file, at, bit);
                }
            }
        }
        assert!(noticed > harmless, "{noticed} {harmless}");
        assert!(honest(folder.path(), applied, &payloads, "healed"));
    }
}

#[test]
fn a_last_record_cut_at_any_byte_leaves_exactly_the_records_before_it() {
    for zeroed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal");
        let (mut written, _, _) = open(&journal, small(400)).unwrap();
        let payloads: Payloads = (1..=4).map(|n| numbered(n, 50)).collect();
        append_all(&mut written, &payloads);
        let path = &segments(&journal)[0];
        let bytes = std::fs::read(path).unwrap();
        let last = RECORDS_AT as usize + 3 * (24 + 50);
        for cut in last..last + 24 + 50 {
            let mut torn = bytes.clone();
            if zeroed {
                torn[cut..].fill(0)
            } else {
                torn.truncate(cut)
            }
            std::fs::write(path, torn).unwrap();
            // A record that ends in zeros loses nothing when zeros replace its end.
            let intact = zeroed && bytes[cut..last + 74].iter().all(|&byte| byte == 0);
            let (_, seen, _) = open(&journal, small(400)).unwrap();
            assert_eq!(seen, payloads[..if intact { 4 } else { 3 }], "cut at {cut}");
        }
    }
}

#[test]
fn appending_behind_a_torn_tail_and_opening_again_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let mut expected = Payloads::new();
    for round in 0..30 {
        let (mut opened, seen, _) = open(&journal, small(400)).unwrap();
        assert_eq!(seen, expected, "round {round}");
        for n in 0..round % 4 + 1 {
            expected.push(numbered(round * 10 + n, 30 + round));
            opened.append(expected.last().unwrap()).unwrap();
        }
        drop(opened);
        // Tear the last record: its last byte goes wrong.
        let size = 24 + 30 + round as u64;
        let path = segments(&journal).pop().unwrap();
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let place = (0..).map(|n| RECORDS_AT + n * size).take_while(|at| at + size <= RECORDS_AT + 400);
        let is_last = |at: &u64| {
            let mut payload = vec![0; 30 + round];
            file.read_exact_at(&mut payload, at + 24).unwrap();
            payload == *expected.last().unwrap()
        };
        let last = place.into_iter().find(is_last).unwrap();
        flip(&file, last + size - 1, 3);
        expected.pop();
    }
    assert!(!expected.is_empty());
}

#[test]
fn a_missing_segment_is_noticed_whichever_it_is() {
    for applied in [0, 5] {
        for missing in 0..4 {
            let folder = tempfile::tempdir().unwrap();
            let (marks, payloads) = written(folder.path(), 16);
            let files = segments(&folder.path().join("journal"));
            assert!(files.len() >= 4);
            std::fs::remove_file(&files[missing]).unwrap();
            let whole = honest(folder.path(), marks[applied], &payloads, &format!("without {missing}"));
            assert_eq!(whole, applied == 5 && missing == 0, "only a segment that was applied may go");
        }
    }
}

#[test]
fn a_gap_right_behind_the_applied_commit_is_refused_until_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    written(folder.path(), 16);
    std::fs::remove_file(&segments(&journal)[0]).unwrap();
    let refused = open(&journal, small(ROOM)).unwrap_err();
    assert!(matches!(refused, StorageError::DataLoss { durable: 7.., recovered: 0, .. }), "{refused}");
    let before = segments(&journal);
    let accepting = FileJournalOptions { accept_data_loss: true, ..small(ROOM) };
    let (mut opened, seen, mark) = open(&journal, accepting).unwrap();
    assert_eq!((seen.len(), mark), (0, Mark::default()));
    assert!(opened.tail_damage().unwrap().contains("ends after commit 0; behind it, segment 2 is intact from commit "));
    assert!(opened.known_durable() >= 7);
    assert_eq!(segments(&journal), before, "replay changes nothing");
    opened.append(b"anew").unwrap();
    drop(opened);
    assert_eq!(open(&journal, small(ROOM)).unwrap().1, [b"anew"]);
}

#[test]
fn a_gap_of_what_was_never_durable_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _, _) = open(folder.path(), small(ROOM)).unwrap();
    for n in 0..20 {
        journal.append(&numbered(n, 50)).unwrap();
    }
    drop(journal);
    // A power cut may keep the third segment and lose the header of the first: nothing was synced.
    let first = File::options().write(true).open(&segments(folder.path())[0]).unwrap();
    first.write_all_at(&[0; 64], 0).unwrap();
    let (journal, seen, _) = open(folder.path(), small(ROOM)).unwrap();
    assert!(seen.is_empty());
    let damage = journal.tail_damage().unwrap();
    assert!(
        damage.ends_with("segment 2 is intact from commit 4; behind it, segments without a valid header: 1"),
        "{damage}"
    );
}

#[test]
fn damage_before_intact_segments_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("journal");
    let (_, payloads) = written(folder.path(), 16);
    let file = OpenOptions::new().read(true).write(true).open(&segments(&journal)[1]).unwrap();
    flip(&file, RECORDS_AT, 0);
    let (opened, seen, mark) = open(&journal, small(ROOM)).unwrap();
    assert_eq!(seen, payloads[..seen.len()]);
    let damage = opened.tail_damage().unwrap();
    let start = format!("the journal ends after commit {}; behind it, segment 3 is intact from commit ", mark.commit);
    assert!(damage.starts_with(&start), "{damage}");
    assert!(opened.known_durable() > mark.commit);
}

#[test]
fn everything_gone_is_for_the_watermark_to_say() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), 9);
    std::fs::remove_dir_all(folder.path().join("journal")).unwrap();
    let (_, _, mark) = open(&folder.path().join("journal"), small(ROOM)).unwrap();
    let verdict = Watermark::open(&folder.path().join("watermark")).unwrap().verify(mark);
    assert!(matches!(verdict, Err(StorageError::DataLoss { durable: 9, recovered: 0, .. })));
}

#[test]
fn swapped_or_copied_files_are_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let (marks, payloads) = written(folder.path(), 16);
    let files = segments(&folder.path().join("journal"));
    let (one, two) = (std::fs::read(&files[1]).unwrap(), std::fs::read(&files[2]).unwrap());
    std::fs::write(&files[1], &two).unwrap();
    assert!(!honest(folder.path(), marks[0], &payloads, "a copy over another"));
    std::fs::write(&files[2], &one).unwrap();
    assert!(!honest(folder.path(), marks[0], &payloads, "two swapped"));
}
