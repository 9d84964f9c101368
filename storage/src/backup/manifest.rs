//! What a backup holds: one line for each file, and a last line that proves the others.
//!
//! Must never know: how the files got there.
//!
//! ```text
//! brooklet-backup 1
//! format 1                                  the data's format, as in FORMAT
//! commit 42 9f0c...                         the last commit in it, and the journal's chain there (16 hex digits)
//! at 1760000000000                          when it was made, Unix milliseconds
//! file 4096 0123...cdef backend/000012.sst  bytes, xxh3-128 (32 hex digits), path
//! end 0123...cdef                           xxh3-128 of everything above
//! ```

use crate::error::{Result, StorageError};
use crate::folder::FORMAT;
use crate::journal::Mark;
use std::fmt::Write;
use std::path::{Component, Path};
use xxhash_rust::xxh3::xxh3_128;

const FIRST: &str = "brooklet-backup 1";

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it is, from the backup's folder on, with slashes.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The xxh3-128 of its contents.
    pub sum: u128,
}

/// What a backup says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The data's format.
    pub format: u32,
    /// The last commit that is in it: it holds everything up to this one, and nothing else.
    pub mark: Mark,
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
    /// Its files, in the order of their paths.
    pub files: Vec<Listed>,
}

impl Manifest {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// The manifest as text.
    pub fn encode(&self) -> String {
        let mut text = format!("{FIRST}\nformat {}\n", self.format);
        let _ = writeln!(text, "commit {} {:016x}", self.mark.commit, self.mark.chain);
        let _ = writeln!(text, "at {}", self.at_ms);
        for Listed { path, bytes, sum } in &self.files {
            let _ = writeln!(text, "file {bytes} {sum:032x} {path}");
        }
        let _ = writeln!(text, "end {:032x}", xxh3_128(text.as_bytes()));
        text
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if it is not what [`Manifest::encode`] makes; [`StorageError::FormatTooNew`].
    pub fn decode(text: &str) -> Result<Manifest> {
        let (body, end) = text.rsplit_once("end ").ok_or_else(|| wrong("it has no last line"))?;
        if end.strip_suffix('\n').and_then(|sum| u128::from_str_radix(sum, 16).ok()) != Some(xxh3_128(body.as_bytes()))
        {
            return Err(wrong("its checksum does not fit"));
        }
        let mut lines = body.lines();
        if lines.next() != Some(FIRST) {
            return Err(wrong("its first line is of another kind"));
        }
        let mut manifest = Manifest::default();
        for line in lines {
            manifest.take(line).ok_or_else(|| wrong(&format!("the line {line:?} has no meaning")))?;
        }
        if manifest.format > FORMAT {
            return Err(StorageError::FormatTooNew { found: manifest.format, known: FORMAT });
        }
        Ok(manifest)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        match kind {
            "format" => self.format = rest.parse().ok()?,
            "at" => self.at_ms = rest.parse().ok()?,
            "commit" => {
                let (commit, chain) = rest.split_once(' ')?;
                self.mark = Mark { commit: commit.parse().ok()?, chain: u64::from_str_radix(chain, 16).ok()? };
            }
            "file" => {
                let mut parts = rest.splitn(3, ' ');
                let (bytes, sum) = (parts.next()?.parse().ok()?, u128::from_str_radix(parts.next()?, 16).ok()?);
                let path = parts.next().filter(|path| is_inside(path))?.to_owned();
                self.files.push(Listed { path, bytes, sum });
            }
            _ => return None,
        }
        Some(())
    }
}

/// Whether a path leads nowhere but down.
fn is_inside(path: &str) -> bool {
    !path.is_empty() && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

fn wrong(detail: &str) -> StorageError {
    StorageError::corrupt("backup manifest", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let file = |path: &str, bytes| Listed { path: path.to_owned(), bytes, sum: u128::MAX - u128::from(bytes) };
        let files = vec![file("backend/000012.sst", 4096), file("backend/with space", 0)];
        Manifest { format: FORMAT, mark: Mark { commit: 42, chain: 7 }, at_ms: 1_760_000_000_000, files }
    }

    #[test]
    fn what_was_written_is_read() {
        let manifest = manifest();
        assert_eq!(Manifest::decode(&manifest.encode()).unwrap(), manifest);
        assert_eq!(manifest.bytes(), 4096);
    }

    #[test]
    fn no_changed_byte_passes() {
        let text = manifest().encode();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            assert!(String::from_utf8(changed).map_or(true, |text| Manifest::decode(&text).is_err()), "byte {at}");
            assert!(Manifest::decode(&text[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn paths_that_lead_out_and_newer_formats_are_refused() {
        for path in ["../x", "/x", "a/../b", ""] {
            let mut manifest = manifest();
            path.clone_into(&mut manifest.files[0].path);
            assert!(Manifest::decode(&manifest.encode()).is_err(), "{path:?}");
        }
        let newer = Manifest { format: FORMAT + 1, ..manifest() };
        assert!(matches!(Manifest::decode(&newer.encode()), Err(StorageError::FormatTooNew { .. })));
    }
}
