//! Tests of the file journal as a whole: what is written is read, whatever happens to the files in between.
//!
//! Owns: opening a journal and collecting what it replays. Read next: `damage.rs`, `stale.rs` (why it can be trusted).

mod damage;
mod full;
#[cfg(target_os = "linux")]
mod measure;
mod recycle;
mod roundtrip;
mod stale;
mod threads;

use super::segment::RECORDS_AT;
use super::{FileJournal, FileJournalOptions, Journal, Mark};
use crate::error::Result;
use std::path::{Path, PathBuf};

/// The payloads that a replay handed out.
type Payloads = Vec<Vec<u8>>;

/// Segments with room for `bytes` of records.
fn small(bytes: u64) -> FileJournalOptions {
    let segment_bytes = RECORDS_AT + bytes;
    FileJournalOptions { segment_bytes, spare_bytes: 3 * segment_bytes, ..FileJournalOptions::default() }
}

/// Opens and replays after `applied`; checks that the commits follow each other.
fn open_after(folder: &Path, options: FileJournalOptions, applied: Mark) -> Result<(FileJournal, Payloads, Mark)> {
    let mut journal = FileJournal::open(folder, options)?;
    let mut payloads = Vec::new();
    let mark = journal.replay(applied, &mut |commit, payload| {
        payloads.push(payload.to_vec());
        assert_eq!(commit, applied.commit + payloads.len() as u64);
        Ok(())
    })?;
    assert_eq!(mark.commit, applied.commit + payloads.len() as u64);
    Ok((journal, payloads, mark))
}

/// Opens and replays from the start.
fn open(folder: &Path, options: FileJournalOptions) -> Result<(FileJournal, Payloads, Mark)> {
    open_after(folder, options, Mark::default())
}

fn append_all(journal: &mut FileJournal, payloads: &[Vec<u8>]) {
    for payload in payloads {
        journal.append(payload).unwrap();
    }
}

/// The segment files, ascending.
fn segments(folder: &Path) -> Vec<PathBuf> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = names.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
    names.sort();
    names
}

fn spares(folder: &Path) -> usize {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|e| e == "spare")).count()
}

/// A payload that says which commit it is.
fn numbered(commit: usize, bytes: usize) -> Vec<u8> {
    commit.to_le_bytes().into_iter().cycle().take(bytes).collect()
}
