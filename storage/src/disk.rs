//! The few file operations that every durable file of a data folder shares.
//!
//! Owns: file permissions, durable names. Must never know: what is in a file.
//! Read next: `folder.rs`, `watermark.rs`, `journal/spare.rs` (the users).

use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Data may hold secrets: the owner's alone.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Options for a read-write file that is created for the owner alone; the caller says when.
pub(crate) fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true).mode(FILE_MODE);
    options
}

/// Creates an empty file; an existing one is an error.
pub(crate) fn create_new(path: &Path) -> Result<File> {
    options().create_new(true).open(path).map_err(StorageError::io("create", path))
}

/// Creates a folder, and those above it, unless it is there: durably, each name before anything is put behind it. The
/// permissions of an existing one are left as they are.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !is_there(folder)).collect();
    if let Some(there) = path.ancestors().nth(missing.len()) {
        // The one that made it may have died before its name was durable.
        sync_name(there).or_else(unless_not_ours)?;
    }
    for folder in missing.into_iter().rev() {
        match failpoint::io(Point::FolderCreate, || DirBuilder::new().mode(FOLDER_MODE).create(folder)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => {}
            created => created.map_err(StorageError::io("create folder", folder))?,
        }
        sync_name(folder)?;
    }
    Ok(())
}

/// The empty path is the current folder.
fn is_there(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.is_dir()
}

/// Makes the name of a folder durable.
fn sync_name(folder: &Path) -> Result<()> {
    match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(parent) => sync_folder(parent),
        None => Ok(()),
    }
}

/// Who may not even read the folder above an existing one has not made it.
fn unless_not_ours(error: StorageError) -> Result<()> {
    let not_ours = |kind| matches!(kind, ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem);
    match error {
        StorageError::Io { source, .. } if not_ours(source.kind()) => Ok(()),
        other => Err(other),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(path).and_then(|folder| failpoint::sync(Point::FolderSync, || folder.sync_all()));
    synced.map_err(StorageError::io("sync folder", path))
}

/// Puts `bytes` at `path`, durably and at once: after a crash there is the old file or the new one, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = path.with_extension("tmp");
    let written = options().create(true).truncate(true).open(&draft).and_then(|mut file| {
        failpoint::io(Point::ReplaceWrite, || file.write_all(bytes))?;
        failpoint::sync(Point::ReplaceSync, || file.sync_all())
    });
    written.map_err(StorageError::io("write", &draft))?;
    failpoint::io(Point::ReplaceName, || std::fs::rename(&draft, path)).map_err(StorageError::io("rename to", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn missing_folders_are_made_for_the_owner_and_existing_ones_stay() {
        let parent = tempfile::tempdir().unwrap();
        let open = parent.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o755)).unwrap();
        let deep = open.join("a/b/c");
        for _ in 0..2 {
            create_folder(&deep).unwrap();
        }
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(deep.ancestors().take(4).map(mode).collect::<Vec<_>>(), [0o700, 0o700, 0o700, 0o755]);
        for there in ["/", ".", "..", "src"] {
            create_folder(Path::new(there)).unwrap();
        }
        assert_eq!(Path::new("data").ancestors().filter(|folder| !is_there(folder)).count(), 1);
    }

    #[test]
    fn a_file_in_the_way_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, b"").unwrap();
        for path in [&file, &file.join("data")] {
            let refused = create_folder(path).unwrap_err().to_string();
            assert!(refused.starts_with("create folder") && refused.contains("file"), "{refused}");
        }
    }
}
