//! The data folder: who may use it, and what format it is in.
//!
//! Owns: the lock, the format number, the names inside the folder. Must never know: what is in the files.
//! Read next: `journal/file.rs`, `watermark.rs` (two of the tenants).

use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The newest data format this program reads, and the one it writes.
pub const FORMAT: u32 = 1;

const LOCK_NAME: &str = "LOCK";
pub(crate) const FORMAT_NAME: &str = "FORMAT";
pub(crate) const JOURNAL_NAME: &str = "journal";
pub(crate) const WATERMARK_NAME: &str = "watermark";
pub(crate) const BACKEND_NAME: &str = "backend";
const NODE_NAME: &str = "NODE";

/// Hex digits of a node's name.
const NODE_DIGITS: usize = 40;

/// A data folder that belongs to this process until it is dropped.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    created: bool,
    /// Closing the file gives the lock back, also when the process dies. None: the folder is only looked at, and there is no
    /// such file.
    lock: Option<File>,
}

/// What a folder that is only looked at says of its format.
#[derive(Debug)]
pub enum Looked {
    /// This program reads it.
    Known,
    /// A start would refuse it.
    Wrong(StorageError),
}

impl DataFolder {
    /// Locks `path` and checks its format, creating the folder (for its owner only) or an empty store in it where
    /// there is none. Fails with [`StorageError::Locked`] or [`StorageError::FormatTooNew`].
    pub fn open(path: &Path) -> Result<DataFolder> {
        disk::create_folder(path)?;
        let lock = lock(path)?;
        let created = peek(path)?.is_none();
        if created {
            begin(path)?;
        }
        Ok(DataFolder { path: path.to_path_buf(), created, lock: Some(lock) })
    }

    /// Locks `path` to look at it, and changes nothing. Fails with [`StorageError::Locked`], and if it is no data folder.
    pub fn look(path: &Path) -> Result<(DataFolder, Looked)> {
        std::fs::read_dir(path).map_err(StorageError::io("list", path))?;
        let lock = lock_existing(path)?;
        let format =
            match peek(path) {
                Ok(Some(_)) => Looked::Known,
                Ok(None) => Looked::Wrong(without_format(path).err().ok_or_else(|| {
                    StorageError::corrupt("data folder", format!("{} holds no data", path.display()))
                })?),
                Err(wrong @ (StorageError::Corrupt { .. } | StorageError::FormatTooNew { .. })) => Looked::Wrong(wrong),
                Err(unreadable) => return Err(unreadable),
            };
        Ok((DataFolder { path: path.to_path_buf(), created: false, lock }, format))
    }

    /// Whether there was no lock to take.
    pub(crate) fn is_unlocked(&self) -> bool {
        self.lock.is_none()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this opening made it: there was no data before.
    pub fn was_created(&self) -> bool {
        self.created
    }

    /// The name under which whoever serves this data is known in a cluster: 40 hex digits, which `fresh` makes up when they are asked
    /// for the first time.
    ///
    /// # Errors
    /// The file that holds it cannot be read or written, or holds something else.
    pub fn node(&self, fresh: impl FnOnce() -> String) -> Result<String> {
        if let Some(name) = self.known_node()? {
            return Ok(name);
        }
        failpoint::at(Point::NodeWrite)?;
        disk::replace(&self.path.join(NODE_NAME), format!("{}\n", fresh()).as_bytes())?;
        // Read back, so that a name is held to the same rules on its first day.
        Ok(self.known_node()?.unwrap_or_default())
    }

    /// The name of [`DataFolder::node`], if one was made up already.
    pub(crate) fn known_node(&self) -> Result<Option<String>> {
        let path = self.path.join(NODE_NAME);
        let text = match failpoint::io(Point::NodeRead, || std::fs::read_to_string(&path)) {
            Ok(text) => text.trim_end().to_owned(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
            Err(error) => return Err(StorageError::io("read node", &path)(error)),
        };
        let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == NODE_DIGITS && text.bytes().all(is_digit) {
            return Ok(Some(text));
        }
        Err(StorageError::corrupt(
            "NODE",
            format!("{} holds no name of a node (without it, a new one is made)", path.display()),
        ))
    }

    /// The folder of the journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL_NAME)
    }

    /// The watermark file.
    pub fn watermark(&self) -> PathBuf {
        self.path.join(WATERMARK_NAME)
    }

    /// The folder of the backend.
    pub fn backend(&self) -> PathBuf {
        self.path.join(BACKEND_NAME)
    }
}

/// The format of the data in `path`, if there is any; locks and changes nothing.
///
/// # Errors
/// As [`DataFolder::open`], but for the lock.
pub fn peek(path: &Path) -> Result<Option<u32>> {
    match read_format(&path.join(FORMAT_NAME))? {
        Some(found) if found > FORMAT => Err(StorageError::FormatTooNew { found, known: FORMAT }),
        found => Ok(found),
    }
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join(LOCK_NAME);
    let file = failpoint::io(Point::LockOpen, || disk::options().create(true).truncate(false).open(&path))
        .map_err(StorageError::io("open lock", &path))?;
    take(file, folder, &path)
}

/// The lock without making the file; none if there is no file.
fn lock_existing(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(LOCK_NAME);
    match File::open(&path) {
        Ok(file) => take(file, folder, &path).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StorageError::io("open lock", &path)(error)),
    }
}

fn take(file: File, folder: &Path, path: &Path) -> Result<File> {
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StorageError::Locked(folder.to_path_buf())),
        Err(error) => Err(StorageError::io("lock", path)(error.into())),
    }
}

fn read_format(path: &Path) -> Result<Option<u32>> {
    let text = match failpoint::io(Point::FormatRead, || std::fs::read_to_string(path)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(StorageError::io("read format", path)(error)),
    };
    let number = text.trim().parse();
    number.map(Some).map_err(|_| StorageError::corrupt("FORMAT", format!("{} holds no number", path.display())))
}

/// Writes the format number. It is the first file of a store, so data without it means that it was lost, and with it
/// the knowledge of how to read the data. (Other people's files may lie here; only our own names count.)
fn begin(folder: &Path) -> Result<()> {
    without_format(folder)?;
    failpoint::at(Point::FormatWrite)?;
    disk::replace(&folder.join(FORMAT_NAME), format!("{FORMAT}\n").as_bytes())
}

/// Fails if there is data in a folder without a format number.
fn without_format(folder: &Path) -> Result<()> {
    for name in [JOURNAL_NAME, WATERMARK_NAME, BACKEND_NAME] {
        if folder.join(name).exists() {
            let detail = format!("{} holds data ({name}), but no FORMAT file", folder.display());
            return Err(StorageError::corrupt("data folder", detail));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_new_folder_is_private_and_known_when_opened_again() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("deep/data");
        let folder = DataFolder::open(&path).unwrap();
        assert!(folder.was_created());
        assert_eq!((mode(&path), mode(&path.join("LOCK")), mode(&path.join("FORMAT"))), (0o700, 0o600, 0o600));
        drop(folder);
        assert!(!DataFolder::open(&path).unwrap().was_created());
    }

    #[test]
    fn the_lock_is_exclusive_and_goes_with_its_owner() {
        let parent = tempfile::tempdir().unwrap();
        let first = DataFolder::open(parent.path()).unwrap();
        assert!(matches!(DataFolder::open(parent.path()), Err(StorageError::Locked(path)) if path == parent.path()));
        drop(first);
        DataFolder::open(parent.path()).unwrap();
    }

    #[test]
    fn a_newer_or_unreadable_format_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        drop(DataFolder::open(parent.path()).unwrap());
        std::fs::write(parent.path().join("FORMAT"), "2\n").unwrap();
        let refused = DataFolder::open(parent.path());
        assert!(matches!(refused, Err(StorageError::FormatTooNew { found: 2, known: FORMAT })));
        std::fs::write(parent.path().join("FORMAT"), "two").unwrap();
        assert!(matches!(DataFolder::open(parent.path()), Err(StorageError::Corrupt { .. })));
    }

    #[test]
    fn a_node_keeps_its_name() {
        let parent = tempfile::tempdir().unwrap();
        let name = "0123456789abcdef".repeat(3)[..40].to_owned();
        let folder = DataFolder::open(parent.path()).unwrap();
        assert_eq!(folder.node(|| name.clone()).unwrap(), name);
        drop(folder);
        let folder = DataFolder::open(parent.path()).unwrap();
        assert_eq!(folder.node(String::new).unwrap(), name);
        std::fs::write(parent.path().join("NODE"), "me\n").unwrap();
        assert!(matches!(folder.node(String::new), Err(StorageError::Corrupt { .. })));
    }

    #[test]
    fn data_without_a_format_is_refused_but_strangers_files_are_not() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::create_dir(parent.path().join("lost+found")).unwrap();
        drop(DataFolder::open(parent.path()).unwrap());
        std::fs::create_dir(parent.path().join("journal")).unwrap();
        std::fs::remove_file(parent.path().join("FORMAT")).unwrap();
        assert!(matches!(DataFolder::open(parent.path()), Err(StorageError::Corrupt { .. })));
    }
}
