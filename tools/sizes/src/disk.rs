//! Folders and files: how much they take, how they are made cold.

use rustix::fs::{Advice, fadvise, fsync};
use std::fs::File;
use std::io::Result;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// All files below a folder. One that vanishes meanwhile is none.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(_) => found.push(entry.path()),
            Err(_) => {}
        }
    }
    found
}

/// Disk space of a folder's files, as `du` counts it, without those that the journal keeps ready for later: they are as
/// many as a checkpoint gives back, however much is stored.
pub fn space(folder: &Path) -> u64 {
    let counted =
        files(folder).into_iter().filter(|path| !path.extension().is_some_and(|e| e == "spare" || e == "tmp"));
    counted.filter_map(|path| path.metadata().ok()).map(|data| data.blocks() * 512).sum()
}

/// Writes a folder's files out and drops them from the page cache; those of nobody else.
pub fn make_cold(folder: &Path) -> Result<()> {
    for path in files(folder) {
        let file = File::open(path)?;
        // What is dirty stays in the cache.
        fsync(&file)?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

/// The size of a program without its symbols, and whether they could be taken off.
pub fn stripped(program: &Path, room: &Path) -> Result<(u64, bool)> {
    let copy = room.join("stripped");
    let done = Command::new("strip").arg("-o").arg(&copy).arg(program).status().is_ok_and(|status| status.success());
    let measured = if done { copy.metadata()?.len() } else { program.metadata()?.len() };
    let _ = std::fs::remove_file(copy);
    Ok((measured, done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spare_files_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("journal")).unwrap();
        let write = |name: &str| std::fs::write(folder.path().join(name), [1; 10_000]).unwrap();
        write("kept");
        let one = space(folder.path());
        assert!(one >= 10_000);
        write("journal/1.journal");
        write("journal/2.spare");
        assert_eq!(space(folder.path()), 2 * one);
        make_cold(folder.path()).unwrap();
    }
}
