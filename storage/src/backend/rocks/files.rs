//! The files of a database, as far as we have to know them ourselves.
//!
//! Owns: whether there is a database in a folder. Must never know: RocksDB's interface. Read next: `mod.rs`.
//!
//! RocksDB takes a folder without `CURRENT` for an empty one: it makes a new database in it and deletes what belongs to no
//! file that it knows, which then is everything. The journal would tell that data is missing, but too late. And one flipped bit
//! in the type of a record in the list of files makes it read for ever, or take this place for the end of the list.

use crate::error::{Result, StorageError};
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

/// The file that names the newest list of files. It is written before the first table file is.
const CURRENT: &str = "CURRENT";
const TABLE: &str = "sst";

/// Whether there is a database in `path`.
///
/// # Errors
/// There is a part of one, or the folder cannot be read.
pub(super) fn has_database(path: &Path) -> Result<bool> {
    let names = match std::fs::read_dir(path) {
        Ok(names) => names,
        // What is in the way, RocksDB says.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(false),
        Err(error) => return Err(StorageError::io("list", path)(error)),
    };
    let (mut has_current, mut has_tables) = (false, false);
    for name in names {
        let name = name.map_err(StorageError::io("list", path))?.file_name();
        has_current |= name == CURRENT;
        has_tables |= is_table(&name);
    }
    if has_tables && !has_current {
        let detail = format!("{} is missing, beside table files (restore it)", path.join(CURRENT).display());
        return Err(StorageError::corrupt("backend", detail));
    }
    if has_current {
        known_types(path)?;
    }
    Ok(has_current)
}

/// Whether there are table files in `path`.
pub(super) fn has_tables(path: &Path) -> bool {
    let names = std::fs::read_dir(path).into_iter().flatten().flatten();
    names.into_iter().any(|name| is_table(&name.file_name()))
}

fn is_table(name: &OsStr) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == TABLE)
}

/// A physical record of the list: checksum (4 bytes), length (2), type (1), and no record spans two blocks.
const BLOCK: usize = 32 * 1024;
const HEADER: usize = 7;
/// Whole, first, middle, last. The others belong to logs that are written over, which this one is not.
const TYPES: std::ops::RangeInclusive<u8> = 1..=4;

/// Looks at the types of the records in the list of files; everything else RocksDB finds itself.
fn known_types(path: &Path) -> Result<()> {
    let Ok(named) = std::fs::read_to_string(path.join(CURRENT)) else { return Ok(()) };
    let list = path.join(named.trim_end());
    let Ok(bytes) = std::fs::read(&list) else { return Ok(()) };
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        let mut at = 0;
        while let Some(&[_, _, _, _, low, high, kind]) = block.get(at..at + HEADER) {
            // Zeros: nobody wrote here.
            if kind == 0 {
                break;
            }
            if !TYPES.contains(&kind) {
                let place = number * BLOCK + at;
                let detail = format!("{} has a record of type {kind} at {place} (restore it)", list.display());
                return Err(StorageError::corrupt("backend", detail));
            }
            at += HEADER + usize::from(u16::from_le_bytes([low, high]));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_without_a_list_of_them_are_no_empty_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backend");
        assert!(!has_database(&path).unwrap(), "no folder");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("MANIFEST-000001"), b"").unwrap();
        assert!(!has_database(&path).unwrap(), "a first start that was interrupted");
        std::fs::write(path.join("000009.sst"), b"").unwrap();
        let refused = has_database(&path).unwrap_err().to_string();
        assert!(refused.contains("backend/CURRENT is missing"), "{refused}");
        std::fs::write(path.join(CURRENT), b"").unwrap();
        assert!(has_database(&path).unwrap());
    }

    #[test]
    fn a_record_of_another_type_is_no_part_of_the_list() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(CURRENT), b"MANIFEST-000005\n").unwrap();
        let record = |kind: u8| [&[9, 9, 9, 9, 3, 0, kind][..], b"abc"].concat();
        let with = |bytes: &[u8]| {
            std::fs::write(folder.path().join("MANIFEST-000005"), bytes).unwrap();
            has_database(folder.path()).map_err(|why| why.to_string())
        };
        assert_eq!(with(&[record(1), record(2), record(4)].concat()), Ok(true));
        assert_eq!(with(&[record(1), record(2)].concat()[..15]), Ok(true), "an end that was torn");
        assert_eq!(with(&[record(1), vec![0; 100]].concat()), Ok(true), "an end that was not written");
        let refused = with(&[record(1), record(5)].concat()).unwrap_err();
        assert!(refused.contains("MANIFEST-000005 has a record of type 5 at 10"), "{refused}");
        // A block ends with less than a header: the next one begins with a record.
        let long = [&[9, 9, 9, 9, 0xf4, 0x7f, 1][..], &vec![7; 0x7ff4]].concat();
        let blocks = [&long[..], &vec![0; BLOCK - long.len()], &record(1), &record(6)].concat();
        assert!(with(&blocks).unwrap_err().contains("type 6 at 32778"));
    }
}
