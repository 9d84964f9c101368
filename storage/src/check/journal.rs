//! The journal: each record's checksums and order, that it continues what the records of the store hold, and what a start would
//! make of it.

use super::report::{Kind, Place, Report};
use crate::batch;
use crate::error::StorageError;
use crate::journal::{Inspected, Mark, inspect};
use crate::progress::{Phase, Progress};
use std::path::{Path, PathBuf};

/// Checks the journal in `folder`; answers where a start would come to, and in which file that is. Without `applied` (nobody knows what the records
/// hold) only the files are looked at.
pub(super) fn check_journal(
    folder: &Path,
    applied: Option<Mark>,
    progress: &Progress,
    report: &mut Report,
) -> Option<(Mark, PathBuf)> {
    let place = || Place::File(folder.into());
    progress.begin(Phase::Replay, 0);
    let mut looked = report.looked;
    let mut wrong: Option<String> = None;
    let inspected = inspect(folder, applied, &mut |commit, payload| {
        progress.add(payload.len() as u64);
        (looked.replayed, looked.replayed_bytes) = (looked.replayed + 1, looked.replayed_bytes + payload.len() as u64);
        if let Err(why) = batch::read(payload, |_| Ok(())) {
            // A start stops at the first.
            wrong.get_or_insert_with(|| format!("commit {commit} cannot be replayed: {why}"));
        }
        Ok(())
    });
    report.looked = looked;
    if let Some(text) = wrong {
        report.found(Kind::Journal, place(), text);
    }
    match inspected {
        Ok(inspected) => conclude(inspected, applied, report),
        Err(StorageError::Io { action, path, source }) => {
            report.found(Kind::Journal, Place::File(path), format!("{action}: {source}"));
            None
        }
        Err(why) => {
            report.found(Kind::Journal, place(), why.to_string());
            None
        }
    }
}

fn conclude(inspected: Inspected, applied: Option<Mark>, report: &mut Report) -> Option<(Mark, PathBuf)> {
    report.looked.segments = inspected.segments.len() as u64;
    report.looked.records = inspected.segments.iter().map(|segment| segment.records).sum();
    for segment in inspected.segments.iter().filter(|segment| segment.is_damaged) {
        report.note(format!("{} has no valid header", segment.path.display()));
    }
    for (path, text) in inspected.gaps {
        // Whether anything that counts is missing there, the next lines say.
        report.note(format!("{}: {text}", path.display()));
    }
    let applied = applied?.commit;
    let begin =
        inspected.segments.iter().filter(|segment| !segment.is_damaged).map(|segment| segment.before.commit).min();
    if let Some(begin) = begin.filter(|begin| *begin > applied) {
        // A start only warns of it: a power cut may have taken what nobody had synced.
        let text = format!("it begins behind commit {begin}, the records end at {applied}: what was between is gone");
        report.found(Kind::Journal, Place::File(inspected.end.clone()), text);
    }
    report.looked.recovered = inspected.mark.commit;
    for why in inspected.refusals {
        report.found(Kind::Journal, Place::File(inspected.end.clone()), why.to_string());
    }
    if let Some(text) = inspected.damage {
        report.note(text);
    }
    Some((inspected.mark, inspected.end))
}
