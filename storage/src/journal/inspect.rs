//! Looking at a journal without opening it: every record of every file, and what a replay would come to. Changes nothing.
//!
//! Owns: the view of one segment after the other. Must never know: what a payload means, who asks.
//! Read next: `replay.rs` (the rules), `check/journal.rs` (who asks).

use super::live::LiveBytes;
use super::record;
use super::replay::{Replay, Visit};
use super::segment::{self, Found, Header, RECORDS_AT};
use super::{CommitNo, Mark};
use crate::error::{Result, StorageError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file with the name of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSeen {
    /// Where it is.
    pub path: PathBuf,
    /// It has no valid header, so nothing in it counts.
    pub is_damaged: bool,
    /// Where the journal stood when it was begun.
    pub before: Mark,
    /// Its last intact record, or `before`.
    pub last: Mark,
    /// Intact records.
    pub records: u64,
    /// A record behind the last intact one that does not continue it.
    pub stray: Option<CommitNo>,
}

/// What there is, and what a replay would come to.
#[derive(Debug)]
pub struct Inspected {
    /// All segments, in their order.
    pub segments: Vec<SegmentSeen>,
    /// Commits that no file has although later ones are there: behind which file, and in words.
    pub gaps: Vec<(PathBuf, String)>,
    /// The last commit that a replay would come to.
    pub mark: Mark,
    /// The file with the last record that a replay reads, or the folder.
    pub end: PathBuf,
    /// Why a start would refuse.
    pub refusals: Vec<StorageError>,
    /// See [`super::Journal::tail_damage`].
    pub damage: Option<String>,
}

/// Looks at the journal in `folder`, which need not exist, and visits what a replay after `applied` would visit; without
/// `applied` it visits nothing.
///
/// # Errors
/// A file that cannot be read or is of a newer version, or what `visit` answers.
pub fn inspect(folder: &Path, applied: Option<Mark>, visit: &mut Visit<'_>) -> Result<Inspected> {
    let segments = listed(folder)?.iter().map(look).collect::<Result<Vec<_>>>()?;
    let gaps = gaps(&segments, applied.map_or(0, |mark| mark.commit));
    let mut inspected =
        Inspected { segments, gaps, mark: Mark::default(), end: folder.into(), refusals: Vec::new(), damage: None };
    let Some(applied) = applied else { return Ok(inspected) };
    let mut live = LiveBytes::default();
    let mut outcome = Replay::new(applied, listed(folder)?, &mut live).run(visit)?;
    let known_durable = outcome.known_durable;
    (inspected.mark, inspected.end) = (outcome.mark, outcome.end(folder));
    if let Err(why) = outcome.loss(applied, outcome.damage.is_some()) {
        inspected.refusals.push(why.ends_in(&inspected.end));
    } else if inspected.mark.commit < known_durable {
        let loss = StorageError::loss(known_durable, inspected.mark.commit);
        inspected.refusals.push(loss.ends_in(&inspected.end));
    }
    inspected.damage = outcome.damage.take();
    Ok(inspected)
}

/// The commit behind which the journal in `folder` begins; none if there is no intact segment, or no folder.
///
/// # Errors
/// A file that cannot be read or is of a newer version.
pub fn begins_after(folder: &Path) -> Result<Option<CommitNo>> {
    let headers = listed(folder)?.into_iter().filter_map(|found| found.header);
    Ok(headers.map(|header| header.before.commit).min())
}

fn listed(folder: &Path) -> Result<Vec<Found>> {
    match segment::list(folder) {
        Err(StorageError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed,
    }
}

/// Reads one segment up to its first record that is not intact.
fn look(found: &Found) -> Result<SegmentSeen> {
    let path = found.path.clone();
    let Some(Header { before, salt, .. }) = found.header else {
        let nothing = Mark::default();
        return Ok(SegmentSeen { path, is_damaged: true, before: nothing, last: nothing, records: 0, stray: None });
    };
    let bytes = std::fs::read(&path).map_err(StorageError::io("read journal", &path))?;
    let mut rest = bytes.get(RECORDS_AT as usize..).unwrap_or_default();
    let (mut last, mut records) = (before, 0);
    while let Some(record) = record::decode(rest, last, salt) {
        (last, records) = (record.mark, records + 1);
        rest = &rest[record.size..];
    }
    let stray = record::stray(rest, last.commit, salt);
    Ok(SegmentSeen { path, is_damaged: false, before, last, records, stray })
}

/// Commits that are in no file, between those that are.
fn gaps(segments: &[SegmentSeen], applied: CommitNo) -> Vec<(PathBuf, String)> {
    let intact: Vec<&SegmentSeen> = segments.iter().filter(|segment| !segment.is_damaged).collect();
    let mut gaps = Vec::new();
    for two in intact.windows(2) {
        let (last, next) = (two[0].last, two[1].before);
        if next.commit <= last.commit {
            continue;
        }
        let harm = match next.commit <= applied {
            true => "they have settled, nothing is missing",
            false => "nothing behind them can be replayed",
        };
        let text = format!("no readable record of the commits {} to {}: {harm}", last.commit + 1, next.commit);
        gaps.push((two[0].path.clone(), text));
    }
    gaps
}
