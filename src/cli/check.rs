//! `brooklet check DIR`: looking at a data folder that no server uses, and saying what is wrong with it.
//!
//! Exit codes: 0 sound, 1 not, 2 it could not be looked at. Must never know: what is looked at, and how.

use super::{USAGE, complain};
use std::path::Path;
use std::process::ExitCode;

const HOW: &str = "usage: brooklet check <folder> (a data folder, while no server uses it)";

/// Runs the check that `arguments` ask for.
pub fn run(arguments: &[String]) -> ExitCode {
    match arguments {
        [folder] if !folder.starts_with("--") => check(Path::new(folder)),
        [help] if help == "--help" => super::print(HOW),
        _ => {
            complain(HOW);
            ExitCode::from(USAGE)
        }
    }
}

#[cfg(feature = "rocksdb")]
fn check(folder: &Path) -> ExitCode {
    use brooklet_storage::open::check_folder;
    use brooklet_storage::progress::{Phase, Progress};
    use std::sync::Arc;
    let progress = Arc::new(Progress::default());
    progress.begin(Phase::Backend, 0);
    let shown = super::progress::show(&progress, true, complain);
    let checked = check_folder(folder, &progress);
    progress.end();
    if let Some(shown) = shown {
        shown.thread().unpark();
        let _ = shown.join();
    }
    match checked {
        Ok(report) => say(folder, &report),
        Err(why) => {
            complain(&why.to_string());
            ExitCode::from(USAGE)
        }
    }
}

#[cfg(not(feature = "rocksdb"))]
fn check(folder: &Path) -> ExitCode {
    complain(&format!("built without RocksDB: the records in {} cannot be looked at", folder.display()));
    ExitCode::from(USAGE)
}

/// Prints a report; the exit code that belongs to it.
#[cfg_attr(not(feature = "rocksdb"), allow(dead_code))]
fn say(folder: &Path, report: &brooklet_storage::check::Report) -> ExitCode {
    let printed = super::print(&text(folder, report));
    if report.is_sound() { printed } else { ExitCode::FAILURE }
}

fn text(folder: &Path, report: &brooklet_storage::check::Report) -> String {
    let mut lines = vec![format!("checked {}", folder.display())];
    lines.extend(report.looked.lines());
    lines.extend(report.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(report.findings.iter().map(|finding| finding.to_string()));
    if report.more > 0 {
        lines.push(format!("and {} more", report.more));
    }
    lines.push(match report.findings.len() as u64 + report.more {
        0 => "sound".to_owned(),
        findings => format!("findings: {findings}"),
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use brooklet_storage::check::{Finding, Kind, Place, Report};

    #[test]
    fn a_report_ends_with_its_verdict() {
        let mut report = Report::default();
        let said = text(Path::new("/d"), &report);
        assert!(said.starts_with("checked /d\nkeys: 0 (0 strings") && said.ends_with("\nsound"), "{said}");
        let place = Place::Key { db: 0, name: Box::from(&b"k"[..]) };
        report.findings.push(Finding { kind: Kind::Value, place, text: "value 7 is missing".into() });
        report.notes.push("there is no LOCK file".into());
        let said = text(Path::new("/d"), &report);
        let end = "\nnote: there is no LOCK file\n\
                   value: key \"k\" in database 0: value 7 is missing (reads of the key answer an error)\nfindings: 1";
        assert!(said.ends_with(end), "{said}");
    }

    #[test]
    fn a_call_that_names_no_folder_is_told_how() {
        for arguments in [&[][..], &["a".to_owned(), "b".to_owned()], &["--dir".to_owned()]] {
            assert_eq!(run(arguments), ExitCode::from(USAGE));
        }
    }
}
