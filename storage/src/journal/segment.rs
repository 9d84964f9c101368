//! A segment: one file of the journal, with its header and its name.
//!
//! Owns: the header, file names, turning a spare file into a segment. Must never know: which segments are live.
//! Read next: `record.rs` (what follows the header), `spare.rs` (where files come from and go to).
//!
//! ```text
//! offset  0  magic     8 bytes "BROOKJRN"
//!         8  version   u32
//!        12  zero      u32
//!        16  sequence  u64  the same number as in the file name; another one = a file whose renaming was lost
//!        24  salt      u64  seeds the header check of each record, so records of an earlier use never count
//!        32  commit    u64  the commit before the first record
//!        40  chain     u64  the chain before the first record
//!        48  durable   u64  the last commit known to be durable when this segment was begun
//!        56  check     u64  xxh3-64 over bytes 0..56
//!      4096  records
//! ```
//!
//! All little endian. The header has a block of its own, so that no later write of a record can tear it.

use super::record::u64_at;
use super::{CommitNo, Mark};
use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// Where the records begin.
pub(super) const RECORDS_AT: u64 = 4096;
/// Bytes of the header that mean something.
pub(crate) const HEADER: usize = 64;
/// The version of header and records that this program writes.
const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"BROOKJRN";
const CHECK_AT: usize = 56;

/// What a segment says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// The place among the segments; grows with every segment begun.
    pub sequence: u64,
    /// Unlike that of any earlier use of the same file.
    pub salt: u64,
    /// Where the journal stood when the segment was begun.
    pub before: Mark,
    /// What was known to be durable then.
    pub durable: CommitNo,
}

impl Header {
    /// The bytes on disk.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        let numbers = [self.sequence, self.salt, self.before.commit, self.before.chain, self.durable];
        for (place, number) in bytes[16..CHECK_AT].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        sign(&mut bytes);
        bytes
    }

    /// The header in `bytes`; `None` if there is none or it is damaged. An intact header of a newer version is an error.
    pub fn decode(bytes: &[u8]) -> Result<Option<Header>> {
        let Some(bytes) = bytes.get(..HEADER) else { return Ok(None) };
        if bytes[..8] != MAGIC || u64_at(bytes, CHECK_AT) != Some(xxh3_64(&bytes[..CHECK_AT])) {
            return Ok(None);
        }
        let found = u32::from_le_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]);
        if found > VERSION {
            return Err(StorageError::FormatTooNew { found, known: VERSION });
        }
        let number = |at| u64_at(bytes, at).unwrap_or_default();
        Ok(Some(Header {
            sequence: number(16),
            salt: number(24),
            before: Mark { commit: number(32), chain: number(40) },
            durable: number(48),
        }))
    }
}

/// Puts the mark of such files and the checksum into a header.
pub(crate) fn sign(header: &mut [u8]) {
    header[..8].copy_from_slice(&MAGIC);
    let check = xxh3_64(&header[..CHECK_AT]);
    header[CHECK_AT..HEADER].copy_from_slice(&check.to_le_bytes());
}

/// An open segment file; shared with the syncer.
#[derive(Debug)]
pub(super) struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// The open file.
    pub file: File,
}

impl Segment {
    /// Makes the spare file at `spare` the segment `header.sequence` of `folder`. Durable after the syncer ran.
    pub fn recycle(folder: &Path, spare: &Path, header: &Header) -> Result<Arc<Segment>> {
        let file = failpoint::io(Point::JournalSpareOpen, || File::options().write(true).open(spare))
            .map_err(StorageError::io("open spare journal file", spare))?;
        let path = folder.join(name(header.sequence));
        // Header first: a file with a segment's name but a stale header is something replay would have to explain.
        write_header(&file, spare, header)?;
        failpoint::io(Point::JournalSegmentName, || std::fs::rename(spare, &path))
            .map_err(StorageError::io("rename spare journal file to", &path))?;
        Ok(Arc::new(Segment { path, file }))
    }

    /// A new file of no given size, for the one record that fits no ordinary segment.
    pub fn create(folder: &Path, header: &Header) -> Result<Arc<Segment>> {
        let path = folder.join(name(header.sequence));
        failpoint::at(Point::JournalLargeCreate)?;
        let file = disk::create_new(&path)?;
        if let Err(error) = write_header(&file, &path, header) {
            // The next attempt makes a file of the same name.
            let _ = std::fs::remove_file(&path);
            return Err(error);
        }
        Ok(Arc::new(Segment { path, file }))
    }
}

fn write_header(file: &File, path: &Path, header: &Header) -> Result<()> {
    failpoint::io(Point::JournalHeaderWrite, || file.write_all_at(&header.encode(), 0))
        .map_err(StorageError::io("write journal header", path))
}

/// A file with the name of a segment.
#[derive(Debug)]
pub(super) struct Found {
    /// From the name.
    pub sequence: u64,
    /// Where it is.
    pub path: PathBuf,
    /// `None` if it is damaged, never reached the disk, or belongs to another name.
    pub header: Option<Header>,
}

impl Found {
    /// Reads the header of the file at `path`, whose name gave `sequence`.
    pub fn open(path: PathBuf, sequence: u64) -> Result<Found> {
        let mut bytes = Vec::with_capacity(HEADER);
        failpoint::io(Point::JournalHeaderRead, || File::open(&path))
            .and_then(|file| file.take(HEADER as u64).read_to_end(&mut bytes))
            .map_err(StorageError::io("read journal header", &path))?;
        let header = Header::decode(&bytes)?.filter(|header| header.sequence == sequence);
        Ok(Found { sequence, path, header })
    }
}

/// All files in `folder` with the name of a segment, ascending.
pub(super) fn list(folder: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let entries = failpoint::io(Point::JournalList, || std::fs::read_dir(folder));
    for entry in entries.map_err(StorageError::io("list", folder))? {
        let entry = entry.map_err(StorageError::io("list", folder))?;
        if let Some(sequence) = entry.file_name().to_str().and_then(sequence_of) {
            found.push(Found::open(entry.path(), sequence)?);
        }
    }
    found.sort_unstable_by_key(|found| found.sequence);
    Ok(found)
}

/// The file name of a segment.
pub(super) fn name(sequence: u64) -> String {
    format!("{sequence:020}.journal")
}

/// The sequence number in the file name of a segment.
pub(super) fn sequence_of(name: &str) -> Option<u64> {
    name.strip_suffix(".journal")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Header =
        Header { sequence: 3, salt: 0x0123_4567_89ab_cdef, before: Mark { commit: 41, chain: 99 }, durable: 40 };

    #[test]
    fn a_header_survives_the_disk_and_no_flipped_bit_does() {
        let bytes = SAMPLE.encode();
        assert_eq!(Header::decode(&bytes).unwrap(), Some(SAMPLE));
        for bit in 0..HEADER * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Header::decode(&damaged).unwrap(), None, "bit {bit}");
        }
        assert_eq!(Header::decode(&bytes[..HEADER - 1]).unwrap(), None);
    }

    #[test]
    fn a_newer_version_is_refused_by_name() {
        let mut bytes = SAMPLE.encode();
        bytes[8] = 2;
        let check = xxh3_64(&bytes[..CHECK_AT]).to_le_bytes();
        bytes[CHECK_AT..].copy_from_slice(&check);
        assert!(matches!(Header::decode(&bytes), Err(StorageError::FormatTooNew { found: 2, known: 1 })));
    }

    #[test]
    fn names_sort_as_numbers() {
        assert_eq!(sequence_of(&name(17)), Some(17));
        assert!(name(9) < name(10));
        assert_eq!(sequence_of("00000000000000000001.spare"), None);
    }
}
