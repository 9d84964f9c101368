//! Whole folders over a backend in memory: what a start refuses, a check finds, in the same words; and nothing is written.

use super::super::{Kind, Report, check_folder_over};
use super::fill;
use crate::backend::memory::Memory;
use crate::backend::{Backend, Space, Write};
use crate::error::StorageError;
use crate::journal::FileJournalOptions;
use crate::open::tests::checkpoint;
use crate::open::{FolderOptions, OpenedFolder, open_folder_over};
use bytes::Bytes;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder with keys of all types, settled, and a journal behind them.
struct Folder {
    folder: tempfile::TempDir,
    backend: Arc<Memory>,
}

impl Folder {
    fn written() -> Folder {
        let folder = Folder { folder: tempfile::tempdir().unwrap(), backend: Arc::new(Memory::new()) };
        let mut opened = folder.open().unwrap();
        fill(&mut opened.opened.store);
        commit(&mut opened);
        checkpoint(&mut opened);
        for n in 0..60 {
            let value = Bytes::from(format!("{n:0300}"));
            opened.opened.store.set_string(0, format!("late{n}").as_bytes(), None, value, None);
            commit(&mut opened);
        }
        opened.watermark.advance(opened.opened.mark, true).unwrap();
        drop(opened);
        folder
    }

    fn open(&self) -> crate::error::Result<OpenedFolder> {
        let journal = FileJournalOptions { segment_bytes: 8192, spare_bytes: 0, ..Default::default() };
        let options = FolderOptions { databases: 2, journal, ..Default::default() };
        let backend = Arc::clone(&self.backend) as Arc<dyn Backend>;
        open_folder_over(self.path(), &options, |_, _| Ok(backend))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn check(&self) -> crate::error::Result<Report> {
        let backend = Arc::clone(&self.backend) as Arc<dyn Backend>;
        check_folder_over(self.path(), &Default::default(), |_| Ok(Some(backend)))
    }

    fn segments(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join("journal")).unwrap().map(|entry| entry.unwrap().path());
        let mut paths: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "journal")).collect();
        paths.sort();
        paths
    }
}

fn commit(opened: &mut OpenedFolder) {
    opened.opened.mark = opened.journal.append(&opened.opened.store.take_batch(Vec::new())).unwrap();
    opened.journal.syncer().sync().unwrap();
}

#[test]
fn a_sound_folder_is_sound_and_stays_as_it_is() {
    let folder = Folder::written();
    let contents = || {
        let mut files = vec![];
        for folder in [folder.path().to_path_buf(), folder.path().join("journal")] {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                files.push((entry.clone(), std::fs::read(&entry).unwrap_or_default()));
            }
        }
        files.sort();
        files
    };
    let before = contents();
    let report = folder.check().unwrap();
    assert!(report.is_sound() && report.notes.is_empty(), "{report:?}");
    assert_eq!(contents(), before);
    let looked = report.looked;
    assert_eq!((looked.applied, looked.recovered, looked.watermark, looked.replayed), (1, 61, 61, 60));
    assert!(looked.segments >= 3 && looked.records >= 60);
    let opened = folder.open().unwrap();
    assert_eq!(opened.opened.replayed, looked.replayed);
    assert!(matches!(folder.check(), Err(StorageError::Locked(_))), "somebody uses it");
}

/// Damages a folder: a start and a check find it, and mean the same.
fn is_refused_and_found(kind: Kind, damage: impl Fn(&Folder)) {
    let folder = Folder::written();
    damage(&folder);
    let report = folder.check().unwrap();
    assert!(report.findings.iter().any(|finding| finding.kind == kind), "{kind:?}: {report:?}");
    let refused = folder.open().map(drop).expect_err("a start refuses").to_string();
    assert!(report.findings.iter().any(|finding| finding.text.contains(&refused)), "{refused}: {report:?}");
}

#[test]
fn what_a_start_refuses_is_found() {
    let flip = |path: &Path, at: usize| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes[at] ^= 4;
        std::fs::write(path, bytes).unwrap();
    };
    for segment in 1..4 {
        is_refused_and_found(Kind::Watermark, |folder| {
            let segments = folder.segments();
            std::fs::remove_file(&segments[segments.len() - segment]).unwrap();
        });
        is_refused_and_found(Kind::Watermark, |folder| {
            let segments = folder.segments();
            flip(&segments[segments.len() - segment], 4096 + 100);
        });
    }
    is_refused_and_found(Kind::Watermark, |folder| std::fs::write(folder.path().join("watermark"), []).unwrap());
    is_refused_and_found(Kind::Folder, |folder| std::fs::write(folder.path().join("FORMAT"), "2\n").unwrap());
    is_refused_and_found(Kind::Folder, |folder| std::fs::write(folder.path().join("FORMAT"), [0xff]).unwrap());
    is_refused_and_found(Kind::Folder, |folder| std::fs::remove_file(folder.path().join("FORMAT")).unwrap());
    is_refused_and_found(Kind::Journal, |folder| {
        folder.backend.write(&[Write::Delete(Space::Meta, b"meta".to_vec())]).unwrap();
        std::fs::remove_file(folder.path().join("watermark")).unwrap();
        std::fs::remove_file(&folder.segments()[0]).unwrap();
    });
}

#[test]
fn what_a_start_only_warns_of_is_told() {
    let folder = Folder::written();
    std::fs::remove_file(folder.path().join("watermark")).unwrap();
    let report = folder.check().unwrap();
    assert_eq!(report.findings[0].kind, Kind::Watermark, "{report:?}");
    let folder = Folder::written();
    std::fs::remove_file(folder.path().join("LOCK")).unwrap();
    let report = folder.check().unwrap();
    assert!(report.is_sound() && report.notes[0].contains("LOCK"), "{report:?}");
    let empty = tempfile::tempdir().unwrap();
    let looked = check_folder_over(empty.path(), &Default::default(), |_| Ok(None)).map(drop);
    assert!(matches!(looked, Err(StorageError::Corrupt { .. })), "{looked:?}");
    let looked = check_folder_over(&empty.path().join("none"), &Default::default(), |_| Ok(None)).map(drop);
    assert!(matches!(looked, Err(StorageError::Io { .. })), "{looked:?}");
}
