//! A segment's bytes from its first record on, read as far as somebody looks.
//!
//! A segment is written in full before it is used, so most of it may be zeros or old: a start that read all of it would take
//! longer with each file. Must never know: what is in the bytes. Read next: `replay.rs` (who looks).

use super::segment::RECORDS_AT;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes that are read at once.
const STEP: usize = 256 * 1024;

/// What has been read and not passed yet.
#[derive(Debug)]
pub(super) struct Tail<'a> {
    path: &'a Path,
    file: File,
    bytes: Vec<u8>,
    /// How many of them are passed.
    from: usize,
}

impl<'a> Tail<'a> {
    /// Opens the segment at `path`; reads nothing yet.
    pub fn open(path: &'a Path) -> Result<Tail<'a>> {
        let opened = failpoint::io(Point::JournalReplayRead, || File::open(path)).and_then(|mut file| {
            forget_cached(&file);
            file.seek(SeekFrom::Start(RECORDS_AT)).map(|_| file)
        });
        let file = opened.map_err(StorageError::io("read journal", path))?;
        Ok(Tail { path, file, bytes: Vec::new(), from: 0 })
    }

    /// So many bytes from here on, or as many as there are.
    pub fn look(&mut self, wanted: usize) -> Result<&[u8]> {
        if self.bytes.len() - self.from < wanted {
            self.bytes.drain(..self.from);
            self.from = 0;
            let more = (wanted - self.bytes.len()).max(STEP) as u64;
            let read = (&mut self.file).take(more).read_to_end(&mut self.bytes);
            read.map_err(StorageError::io("read journal", self.path))?;
        }
        let rest = &self.bytes[self.from..];
        Ok(&rest[..rest.len().min(wanted)])
    }

    /// Goes on behind so many bytes, which were looked at.
    pub fn pass(&mut self, bytes: usize) {
        self.from = (self.from + bytes).min(self.bytes.len());
    }
}

/// After a failed fdatasync the kernel keeps the pages and calls them clean, though the disk never got them. A process
/// that died of it must not be fooled when it comes back: clean pages are dropped and read again, dirty ones stay.
fn forget_cached(file: &File) {
    #[cfg(target_os = "linux")]
    {
        // Advice: where it is not taken, the only harm is the trust placed in the cache.
        let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_order_whatever_is_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        let bytes: Vec<u8> = (0..3 * STEP + 17).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, [&vec![0; RECORDS_AT as usize], &bytes[..]].concat()).unwrap();
        let (mut tail, mut at) = (Tail::open(&path).unwrap(), 0);
        for (look, pass) in [(10, 10), (24, 7), (STEP, STEP), (STEP + 1, 1), (2 * STEP, STEP), (usize::MAX, 3), (1, 1)]
        {
            let end = bytes.len().min(at + look.min(bytes.len()));
            assert_eq!(tail.look(look).unwrap(), &bytes[at..end]);
            tail.pass(pass);
            at += pass;
        }
        assert_eq!(tail.look(usize::MAX).unwrap(), &bytes[at..]);
    }

    #[test]
    fn a_short_file_has_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        std::fs::write(&path, "short").unwrap();
        assert!(Tail::open(&path).unwrap().look(24).unwrap().is_empty());
    }
}
