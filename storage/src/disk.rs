//! The few file operations that every durable file of a data folder shares.
//!
//! Owns: file permissions, durable names. Must never know: what is in a file.
//! Read next: `folder.rs`, `watermark.rs`, `journal/spare.rs` (the users).

use crate::error::{Result, StorageError};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
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

/// Creates a folder, and those above it, unless it is there. The permissions of an existing one are left as they are.
pub(crate) fn create_folder(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path)
        .map_err(StorageError::io("create folder", path))?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
        _ => Ok(()),
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StorageError::io("sync folder", path))
}

/// Puts `bytes` at `path`, durably and at once: after a crash there is the old file or the new one, never a part.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let draft = path.with_extension("tmp");
    let written = options().create(true).truncate(true).open(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(StorageError::io("write", &draft))?;
    std::fs::rename(&draft, path).map_err(StorageError::io("rename to", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}
