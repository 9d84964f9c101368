//! How disk space comes back: whole files at once, leftovers by a tombstone, and small files merged into large ones.
//!
//! Owns: `reclaim` and `tidy`. Must never know: which ranges are dead (the caller's), what an epoch is.
//! Read next: `options.rs` (the family of chunks).

use super::super::Space;
use super::{Rocks, failure, family, options};
use crate::error::Result;
use crate::failpoint::{self, Point};
use rocksdb::{ColumnFamily, LiveFile};

/// A bound's stand-in that no key of ours can be above and still be below the bound: longer than any key's tail.
const TAIL: [u8; 64] = [0xff; 64];
/// Fewer small neighbours than this are not worth a rewrite.
const MERGE_AT_LEAST: usize = 8;
/// A tombstone is first in level 0, which suggestions do not reach, and lower some moments later. So suggestions are
/// repeated, up to this often, as long as a file has tombstones in the range.
const SUGGEST_AFTER_FLUSHES: u8 = 60;
/// Beyond so many, the daily downward move of tombstones (`ttl`) has to do.
const MAX_LEFTOVERS: usize = 256;

/// A range deleted by a tombstone, whose space only a compaction gives back.
pub(super) struct Leftover {
    space: Space,
    from: Vec<u8>,
    to: Vec<u8>,
    /// How many more flushes are followed by a suggestion.
    flushes: u8,
}

impl Leftover {
    fn has_tombstone_in(&self, file: &LiveFile) -> bool {
        let overlaps = |start: &Vec<u8>, end: &Vec<u8>| *start < self.to && *end >= self.from;
        file.num_deletions > 0
            && file.column_family_name == family(self.space)
            && file.start_key.as_ref().zip(file.end_key.as_ref()).is_some_and(|(start, end)| overlaps(start, end))
    }
}

impl Rocks {
    /// See [`super::super::Backend::reclaim`].
    pub(super) fn reclaim_range(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        let Some(last) = below(to).filter(|_| from < to) else { return Ok(()) };
        let handle = self.handle(space)?;
        failpoint::at(Point::RecordsReclaim)?;
        self.db.delete_file_in_range_cf(handle, from, &last).map_err(failure)?;
        // A tombstone makes the file it is flushed into overlap everything between it and the newest chunks, and
        // compaction rewrite what it could have moved. So: none where whole files sufficed, else one that is narrow.
        if let Some((first, end)) = self.extent(space, from, to)? {
            self.db.delete_range_cf_opt(handle, &first, &end, &options::write()).map_err(failure)?;
            self.remember_leftover(Leftover { space, from: first, to: end, flushes: SUGGEST_AFTER_FLUSHES });
        }
        Ok(())
    }

    /// Merges runs of small neighbouring files of chunks into larger ones, at most one merge per call; blocks while it
    /// runs. Returns how many files went into it (0 = nothing to do).
    ///
    /// RocksDB moves disjoint files and never merges them, so a quiet store would collect one small file per
    /// checkpoint, for ever. Each byte is rewritten about once per eightfold growth of its file.
    ///
    /// # Errors
    /// [`crate::StorageError::Backend`], also when a compaction of RocksDB's own got hold of one of the files first;
    /// then nothing has changed and a later call may succeed.
    pub fn tidy(&self) -> Result<usize> {
        failpoint::at(Point::RecordsTidy)?;
        let files = self.db.live_files().map_err(failure)?;
        let Some((level, names)) = small_run(files, self.options.file_bytes as u64) else { return Ok(0) };
        let count = names.len();
        let merge = options::merge(self.options.file_bytes as u64);
        self.db
            .compact_files_cf(self.handle(Space::Chunks)?, &merge, names.iter().map(String::as_str), level)
            .map_err(failure)?;
        Ok(count)
    }

    fn remember_leftover(&self, leftover: Leftover) {
        let mut leftovers = self.leftovers.lock();
        if leftovers.len() < MAX_LEFTOVERS {
            leftovers.push(leftover);
        }
    }

    /// After a flush: marks the files of tombstoned ranges for compaction, because RocksDB moves a file that holds only
    /// a tombstone down like any other and lets it rest above the data it deletes.
    pub(super) fn push_leftovers(&self) {
        let mut leftovers = self.leftovers.lock();
        if leftovers.is_empty() {
            return;
        }
        // Only hints: a failure here costs a day (`ttl`), and the flush before it did succeed.
        let files = self.db.live_files().unwrap_or_default();
        leftovers.retain_mut(|range| {
            range.flushes -= 1;
            let wanted = range.flushes > 0 && files.iter().any(|file| range.has_tombstone_in(file));
            if let (true, Ok(handle)) = (wanted, self.handle(range.space)) {
                let _ = self.db.suggest_compact_range_cf(handle, Some(&range.from), Some(&range.to));
            }
            wanted
        });
    }

    /// The smallest range that holds all present keys of `from..to`, if there are any.
    fn extent(&self, space: Space, from: &[u8], to: &[u8]) -> Result<Option<(Vec<u8>, Vec<u8>)>> {
        let handle: &ColumnFamily = self.handle(space)?;
        let mut at = self.db.raw_iterator_cf_opt(handle, options::scan(space, from, to));
        at.seek_to_first();
        let Some(first) = at.key().map(<[u8]>::to_vec) else {
            return at.status().map(|()| None).map_err(failure);
        };
        at.seek_to_last();
        let Some(mut end) = at.key().map(<[u8]>::to_vec) else {
            return at.status().map(|()| None).map_err(failure);
        };
        // The key's immediate successor, because the bound is exclusive.
        end.push(0);
        Ok(Some((first, end)))
    }
}

/// The largest key below `to` that bounds whole files, or `None` if nothing is below it.
///
/// RocksDB's file deletion *includes* its upper bound (its C interface offers nothing else): given `to` itself it would
/// drop a file that ends with exactly that key. A key between the result and `to` only keeps its file for the tombstone.
fn below(to: &[u8]) -> Option<Vec<u8>> {
    let (last, head) = to.split_last()?;
    let mut key = head.to_vec();
    if let Some(lower) = last.checked_sub(1) {
        key.push(lower);
        key.extend(TAIL);
    }
    Some(key)
}

/// The oldest run of at least [`MERGE_AT_LEAST`] neighbouring files of chunks in one level that are of similar, small
/// size: its level and file names.
fn small_run(mut files: Vec<LiveFile>, file_bytes: u64) -> Option<(i32, Vec<String>)> {
    files.retain(|file| file.column_family_name == family(Space::Chunks) && file.level > 0);
    files.sort_by(|a, b| (a.level, &a.start_key).cmp(&(b.level, &b.start_key)));
    let mut run: Vec<&LiveFile> = Vec::new();
    let mut bytes = 0;
    for file in &files {
        let size = file.size as u64;
        let fits = run.last().is_some_and(|last| last.level == file.level) && bytes + size <= file_bytes;
        if !fits || size * MERGE_AT_LEAST as u64 > file_bytes {
            if run.len() >= MERGE_AT_LEAST {
                break;
            }
            run.clear();
            bytes = 0;
        }
        if size * MERGE_AT_LEAST as u64 <= file_bytes {
            run.push(file);
            bytes += size;
        }
    }
    let level = run.first()?.level;
    (run.len() >= MERGE_AT_LEAST).then(|| (level, run.iter().map(|file| file.name.clone()).collect()))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_bound_below_is_below_and_close() {
        assert_eq!(below(b""), None);
        assert_eq!(below(b"\0"), Some(vec![]));
        assert_eq!(below(b"a\0"), Some(b"a".to_vec()));
        for to in [&b"b"[..], b"a\x01", b"\xff\xff"] {
            let bound = below(to).unwrap();
            assert!(bound.as_slice() < to);
            let mut neighbour = to.to_vec();
            *neighbour.last_mut().unwrap() -= 1;
            neighbour.extend([0xff; 40]);
            assert!(neighbour < bound, "keys of usual length are covered");
        }
    }
}
