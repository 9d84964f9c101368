//! Checking a data folder: lock, format, watermark, records, journal; the same things in the same order as a start.
//!
//! A start refuses at the first thing that is wrong. A check notes it and goes on with what does not stand on it.

use super::journal::check_journal;
use super::records::check_records;
use super::report::{Kind, Place, Report};
use crate::backend::Backend;
use crate::error::{Result, StorageError};
use crate::folder::{DataFolder, Looked as Format};
use crate::journal::Mark;
use crate::progress::{Phase, Progress};
use crate::watermark::{self, Peeked};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Checks a data folder with the backend that `backend` opens, without writing, in the folder it is given; none, if there
/// are no records yet.
///
/// # Errors
/// It could not be looked at: it is no data folder, somebody uses it, or it may not be read. What is wrong inside is no
/// error, but a finding.
pub fn check_folder_over(
    path: &Path,
    progress: &Progress,
    backend: impl FnOnce(&Path) -> Result<Option<Arc<dyn Backend>>>,
) -> Result<Report> {
    let mut report = Report::default();
    let (folder, format) = DataFolder::look(path)?;
    if folder.is_unlocked() {
        report.note("there is no LOCK file: if a server runs here nevertheless, what follows means nothing");
    }
    match format {
        Format::Known => {}
        // Whatever else is wrong in it, this program cannot say.
        Format::Wrong(why) => {
            report.found(Kind::Folder, Place::File(path.into()), why.to_string());
            if matches!(why, StorageError::FormatTooNew { .. }) {
                return Ok(report);
            }
        }
    }
    if let Err(why) = folder.known_node() {
        report.found(Kind::Folder, Place::File(path.into()), why.to_string());
    }
    let applied = look_at_records(&folder, progress, backend, &mut report);
    report.looked.applied = applied.map_or(0, |mark| mark.commit);
    let recovered = check_journal(&folder.journal(), applied, progress, &mut report);
    look_at_watermark(&folder, recovered, &mut report);
    Ok(report)
}

/// The last commit that the records hold; nothing if nobody can say.
fn look_at_records(
    folder: &DataFolder,
    progress: &Progress,
    backend: impl FnOnce(&Path) -> Result<Option<Arc<dyn Backend>>>,
    report: &mut Report,
) -> Option<Mark> {
    let path = folder.backend();
    progress.begin(Phase::Backend, 0);
    match backend(&path) {
        Ok(Some(backend)) => {
            progress.begin(Phase::Checksums, 0);
            backend.scrub(&mut |why| report.found(Kind::Table, Place::File(path.clone()), why.to_string()));
            check_records(&*backend, progress, report)
        }
        Ok(None) => {
            report.note("there are no records yet: everything is in the journal");
            Some(Mark::default())
        }
        Err(why) => {
            report.found(Kind::Backend, Place::File(path), why.to_string());
            None
        }
    }
}

/// Compares what a start would come to with what was durable.
fn look_at_watermark(folder: &DataFolder, recovered: Option<(Mark, PathBuf)>, report: &mut Report) {
    let path = folder.watermark();
    let place = || Place::File(path.clone());
    match watermark::peek(&path) {
        Err(why) => report.found(Kind::Watermark, place(), why.to_string()),
        Ok(None) if recovered.as_ref().is_none_or(|(mark, _)| mark.commit > 0) => {
            report.found(
                Kind::Watermark,
                place(),
                "the file is missing: a loss of durable data could not be recognised",
            );
        }
        Ok(None) => {}
        Ok(Some(Peeked { mark, slots })) => {
            report.looked.watermark = mark.commit;
            if slots < 2 {
                report.note(
                    "one of the two slots of the watermark is damaged, as a power cut may leave it: the other counts",
                );
            }
            // Without the records there is nothing to compare; that they are missing is a finding already.
            let Some((recovered, end)) = recovered else { return };
            if let Err(why) = watermark::compare(mark, recovered) {
                report.found(Kind::Watermark, place(), why.ends_in(&end).to_string());
            }
        }
    }
}
