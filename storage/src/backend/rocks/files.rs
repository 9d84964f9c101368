//! The files of a database, as far as we have to know them ourselves.
//!
//! Owns: whether there is a database in a folder. Must never know: RocksDB's interface. Read next: `mod.rs`.
//!
//! RocksDB takes a folder without `CURRENT` for an empty one: it makes a new database in it and deletes what belongs to no
//! file that it knows, which then is everything. The journal would tell that data is missing, but too late.

use crate::error::{Result, StorageError};
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
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StorageError::io("list", path)(error)),
    };
    let (mut has_current, mut has_tables) = (false, false);
    for name in names {
        let name = name.map_err(StorageError::io("list", path))?.file_name();
        has_current |= name == CURRENT;
        has_tables |= Path::new(&name).extension().is_some_and(|extension| extension == TABLE);
    }
    if has_tables && !has_current {
        let detail = format!("{} is missing, beside table files (restore it)", path.join(CURRENT).display());
        return Err(StorageError::corrupt("backend", detail));
    }
    Ok(has_current)
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
}
