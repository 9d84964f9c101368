//! Backups: the backend's files as they were right after a checkpoint, and a manifest that proves them.
//!
//! Owns: the folder `backups` in a data folder, and how a backup becomes whole. Must never know: what is in the files, when
//! a backup is made. Read next: `manifest.rs`.
//!
//! A backup has its name only once all of it is durable: it is made under a name that ends in `.partial`, the manifest is
//! written last, then the folder is renamed. So whatever has a name without that ending is whole, or was damaged later. Files
//! are links to those of the store, as long as both lie on one disk: they cost room only once the store has dropped them.

pub mod manifest;
#[cfg(test)]
mod tests;

use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::folder::{self, FORMAT};
use crate::journal::Mark;
use crate::watermark::Watermark;
use manifest::{Listed, Manifest};
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

const MANIFEST_NAME: &str = "BACKUP";
const PARTIAL: &str = ".partial";
/// Files are read in pieces of so many bytes.
const PIECE: usize = 1 << 20;

/// The folder of the backups of the data in `data`.
pub fn folder_of(data: &Path) -> PathBuf {
    data.join("backups")
}

/// A backup whose files are in place, but not proven yet.
#[derive(Debug)]
pub struct Draft {
    root: PathBuf,
    name: String,
    mark: Mark,
}

impl Draft {
    /// Begins a backup in `root` of a store that stands at `mark`: `snapshot` puts the backend's files at the path it is given.
    /// Removes what an earlier one left that did not come to its end.
    ///
    /// # Errors
    /// Those of the disk, and of `snapshot`.
    pub fn begin(root: &Path, mark: Mark, snapshot: impl FnOnce(&Path) -> Result<()>) -> Result<Draft> {
        failpoint::at(Point::BackupBegin)?;
        disk::create_folder(root)?;
        remove_partial(root)?;
        let draft = Draft { root: root.to_path_buf(), name: format!("commit-{:012}", mark.commit), mark };
        disk::create_folder(&draft.partial())?;
        snapshot(&draft.partial().join(folder::BACKEND_NAME))?;
        Ok(draft)
    }

    fn partial(&self) -> PathBuf {
        self.root.join(format!("{}{PARTIAL}", self.name))
    }

    /// Reads all files, makes them durable, and gives the backup its name, which is the answer. One of the same commit is
    /// replaced: it holds the same.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn seal(self, at_ms: u64) -> Result<String> {
        let partial = self.partial();
        let mut manifest = Manifest { format: FORMAT, mark: self.mark, at_ms, files: Vec::new() };
        for path in files_below(&partial, Path::new(""))? {
            let file = partial.join(&path);
            let (bytes, sum) = read_sum(&file, &mut |_| Ok(()))?;
            let synced = File::open(&file).and_then(|file| failpoint::sync(Point::BackupFileSync, || file.sync_all()));
            synced.map_err(StorageError::io("sync", &file))?;
            manifest.files.push(Listed { path, bytes, sum });
        }
        disk::sync_folder(&partial.join(folder::BACKEND_NAME))?;
        failpoint::at(Point::BackupManifest)?;
        disk::replace(&partial.join(MANIFEST_NAME), manifest.encode().as_bytes())?;
        let whole = self.root.join(&self.name);
        if whole.exists() {
            remove(&self.root, &self.name)?;
        }
        failpoint::io(Point::BackupName, || fs::rename(&partial, &whole))
            .map_err(StorageError::io("rename to", &whole))?;
        failpoint::at(Point::BackupNamed)?;
        disk::sync_folder(&self.root)?;
        Ok(self.name)
    }
}

/// The names of all whole backups, the oldest first, and what each says of itself.
///
/// # Errors
/// The folder cannot be read. (A manifest that cannot be read is part of the answer.)
pub fn list(root: &Path) -> Result<Vec<(String, Result<Manifest>)>> {
    let mut names = names_in(root)?;
    names.retain(|name| !name.ends_with(PARTIAL) && root.join(name).is_dir());
    Ok(names.into_iter().map(|name| (name.clone(), read_manifest(&root.join(name)))).collect())
}

/// Removes all but the newest `keep` backups.
///
/// # Errors
/// Those of the disk.
pub fn prune(root: &Path, keep: usize) -> Result<()> {
    let whole = list(root)?;
    let surplus = whole.len().saturating_sub(keep);
    whole.iter().take(surplus).try_for_each(|(name, _)| remove(root, name))
}

/// What the backup in `path` says of itself.
///
/// # Errors
/// There is no manifest, or it is damaged or of a newer program.
pub fn read_manifest(path: &Path) -> Result<Manifest> {
    let file = path.join(MANIFEST_NAME);
    let text = fs::read_to_string(&file).map_err(StorageError::io("read backup manifest", &file))?;
    Manifest::decode(&text)
}

/// Compares the backup in `path` with its manifest, file by file; each difference is one line. `seen` is told how many bytes
/// were read.
///
/// # Errors
/// As [`read_manifest`], or a folder in it cannot be read.
pub fn verify(path: &Path, mut seen: impl FnMut(u64)) -> Result<Vec<String>> {
    let manifest = read_manifest(path)?;
    let mut findings = Vec::new();
    for listed in &manifest.files {
        let read = read_sum(&path.join(&listed.path), &mut |piece| {
            seen(piece.len() as u64);
            Ok(())
        });
        match read {
            Err(why) => findings.push(why.to_string()),
            Ok((bytes, _)) if bytes != listed.bytes => {
                findings.push(format!("{}: {bytes} bytes instead of {}", listed.path, listed.bytes));
            }
            Ok((_, sum)) if sum != listed.sum => findings.push(format!("{}: other contents", listed.path)),
            Ok(_) => {}
        }
    }
    let is_listed = |found: &String| manifest.files.iter().any(|listed| listed.path == *found);
    let strange =
        files_below(path, Path::new(""))?.into_iter().filter(|found| found != MANIFEST_NAME && !is_listed(found));
    findings.extend(strange.map(|found| format!("{found}: not part of the backup")));
    Ok(findings)
}

/// Puts the backup in `path` into `target`, a new or an empty folder. The proof that the target can be opened is written last:
/// who is interrupted has to begin again, and cannot start on a part. `seen` is told how many bytes were copied.
///
/// # Errors
/// As [`read_manifest`]; [`StorageError::Corrupt`] if a file is not what the manifest says; those of the disk.
pub fn restore(path: &Path, target: &Path, mut seen: impl FnMut(u64)) -> Result<Manifest> {
    let manifest = read_manifest(path)?;
    if target.exists() && !names_in(target)?.is_empty() {
        let source = std::io::Error::new(ErrorKind::AlreadyExists, "the folder is not empty");
        return Err(StorageError::io("restore to", target)(source));
    }
    disk::create_folder(target)?;
    for listed in &manifest.files {
        copy(path, target, listed, &mut seen)?;
    }
    disk::create_folder(&target.join(folder::JOURNAL_NAME))?;
    Watermark::rewrite(&target.join(folder::WATERMARK_NAME), manifest.mark)?;
    disk::replace(&target.join(folder::FORMAT_NAME), format!("{}\n", manifest.format).as_bytes())?;
    Ok(manifest)
}

fn copy(from: &Path, target: &Path, listed: &Listed, seen: &mut impl FnMut(u64)) -> Result<()> {
    let to = target.join(&listed.path);
    if let Some(folder) = to.parent() {
        disk::create_folder(folder)?;
    }
    let mut out = disk::create_new(&to)?;
    let (bytes, sum) = read_sum(&from.join(&listed.path), &mut |piece| {
        seen(piece.len() as u64);
        out.write_all(piece).map_err(StorageError::io("write", &to))
    })?;
    if (bytes, sum) != (listed.bytes, listed.sum) {
        return Err(StorageError::corrupt("backup", format!("{} is not what its manifest says", listed.path)));
    }
    out.sync_all().map_err(StorageError::io("sync", &to))
}

/// Length and checksum of a file, whose pieces go to `piece` as well.
fn read_sum(path: &Path, piece: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<(u64, u128)> {
    let mut file = File::open(path).map_err(StorageError::io("open", path))?;
    let (mut buffer, mut sum, mut bytes) = (vec![0; PIECE], Xxh3::new(), 0);
    loop {
        let n = match failpoint::io(Point::BackupRead, || file.read(&mut buffer)) {
            Ok(0) => return Ok((bytes, sum.digest128())),
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(StorageError::io("read", path)(error)),
        };
        bytes += n as u64;
        sum.update(&buffer[..n]);
        piece(&buffer[..n])?;
    }
}

/// The paths of all files below `folder`/`below`, from `folder` on, in order.
fn files_below(folder: &Path, below: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for name in names_in(&folder.join(below))? {
        let path = below.join(&name);
        if folder.join(&path).is_dir() {
            found.extend(files_below(folder, &path)?);
        } else {
            found.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(found)
}

/// The names in a folder, in order; none if there is no such folder.
fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(StorageError::io("read folder", folder))?,
    };
    let name = |entry: std::io::Result<fs::DirEntry>| entry.map(|e| e.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        entries.map(name).collect::<std::io::Result<_>>().map_err(StorageError::io("read folder", folder))?;
    names.sort();
    Ok(names)
}

/// Removes a backup; one that is interrupted leaves nothing that looks whole.
fn remove(root: &Path, name: &str) -> Result<()> {
    let partial = root.join(format!("{name}.removed{PARTIAL}"));
    failpoint::io(Point::BackupPrune, || fs::rename(root.join(name), &partial))
        .map_err(StorageError::io("rename to", &partial))?;
    failpoint::io(Point::BackupRemove, || fs::remove_dir_all(&partial)).map_err(StorageError::io("remove", &partial))
}

fn remove_partial(root: &Path) -> Result<()> {
    for name in names_in(root)?.iter().filter(|name| name.ends_with(PARTIAL)) {
        let path = root.join(name);
        failpoint::io(Point::BackupClean, || fs::remove_dir_all(&path)).map_err(StorageError::io("remove", &path))?;
    }
    Ok(())
}
