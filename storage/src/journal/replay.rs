//! Reading the journal back: which segments count, where the log ends, and what lies behind its end.
//!
//! Owns: the order of segments and the rules of recovery. Changes nothing on disk: if the store then refuses to serve,
//! everything is still there for whoever repairs it. Must never know: how records are appended.
//! Read next: `file.rs` (what becomes of live and dead segments at the first append).
//!
//! The rules. A segment counts if its header is intact and carries the number of its name. Reading begins in the newest
//! segment that begins at or before the first wanted commit; after a segment comes the first later one whose header
//! continues it exactly, commit and chain. A process that recovers begins a new segment, so where two segments claim
//! the same commit, the newer one is right: an older one is read only up to where the next newer begins.

use super::live::LiveBytes;
use super::record;
use super::segment::{Found, Header, RECORDS_AT};
use super::{CommitNo, Mark};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A finished segment that holds records.
#[derive(Debug)]
pub(super) struct Closed {
    pub path: PathBuf,
    /// Its last commit.
    pub last: CommitNo,
}

/// What a replay found.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The last good record, or what had been applied.
    pub mark: Mark,
    /// Segments with records after what had been applied, ascending.
    pub live: Vec<Closed>,
    /// Files that nobody will read again.
    pub dead: Vec<PathBuf>,
    /// What lies behind the end of the log, if anything does.
    pub damage: Option<String>,
    /// The highest commit that any header says was durable.
    pub known_durable: CommitNo,
    /// The backend and the journal do not have the same past: the backend counts, no record was visited.
    pub other_past: Option<StorageError>,
}

/// Visits one record.
pub(super) type Visit<'a> = dyn FnMut(CommitNo, &[u8]) -> Result<()> + 'a;

/// One pass over the segments.
pub(super) struct Replay<'a> {
    /// What the backend holds already.
    pub applied: Mark,
    /// All segments, ascending by sequence.
    pub found: Vec<Found>,
    /// Counts what is visited.
    pub live: &'a mut LiveBytes,
    /// Found on the way; `None` at first.
    other_past: Option<StorageError>,
    /// In the segment that was read last, behind its end: its sequence, and a commit that does not continue it.
    stray: Option<(u64, CommitNo)>,
}

impl<'a> Replay<'a> {
    /// A pass over `found`, which is ascending by sequence.
    pub fn new(applied: Mark, found: Vec<Found>, live: &'a mut LiveBytes) -> Replay<'a> {
        Replay { applied, found, live, other_past: None, stray: None }
    }
}

impl Replay<'_> {
    /// Visits every record after `applied`.
    pub fn run(mut self, visit: &mut Visit<'_>) -> Result<Outcome> {
        let mut walked = Vec::new();
        let applied = self.applied;
        let mut position = applied;
        let mut bytes = Vec::new();
        let mut next = self.start();
        while let Some((index, header)) = next {
            read(&self.found[index], &mut bytes)?;
            position = self.segment(index, header, &bytes, visit)?;
            if self.other_past.is_some() {
                return Ok(self.conclude(applied, &[]));
            }
            walked.push((index, header, position.commit));
            next = self.continuation(index, position);
        }
        let mark = if position.commit > applied.commit { position } else { applied };
        Ok(self.conclude(mark, &walked))
    }

    fn start(&self) -> Option<(usize, Header)> {
        let wanted = self.applied.commit;
        self.headers(0).filter(|(_, header)| header.before.commit <= wanted).last()
    }

    fn continuation(&self, index: usize, position: Mark) -> Option<(usize, Header)> {
        self.headers(index + 1).find(|(_, header)| header.before == position)
    }

    fn headers(&self, from: usize) -> impl Iterator<Item = (usize, Header)> + '_ {
        self.found.iter().enumerate().skip(from).filter_map(|(index, found)| Some((index, found.header?)))
    }

    /// Reads one segment up to its first record that is not intact. Returns where it ends.
    fn segment(&mut self, index: usize, header: Header, bytes: &[u8], visit: &mut Visit<'_>) -> Result<Mark> {
        let limit = self.headers(index + 1).map(|(_, later)| later.before.commit).min().unwrap_or(CommitNo::MAX);
        let mut position = header.before;
        let mut rest = bytes.get(RECORDS_AT as usize..).unwrap_or_default();
        self.compare(position);
        while position.commit < limit
            && self.other_past.is_none()
            && let Some(record) = record::decode(rest, position, header.salt)
        {
            position = record.mark;
            self.compare(position);
            if position.commit > self.applied.commit {
                self.live.add(position.commit, record.size as u64);
                visit(position.commit, record.payload)?;
            }
            rest = &rest[record.size..];
        }
        // Where a newer segment took over, what is left in this one means nothing.
        let stray = if position.commit < limit { record::stray(rest, position.commit, header.salt) } else { None };
        self.stray = stray.map(|commit| (header.sequence, commit));
        Ok(position)
    }

    /// The backend and the journal must have the same past. Seen before any record after it is visited.
    fn compare(&mut self, position: Mark) {
        let Mark { commit, chain } = self.applied;
        if position.commit == commit && position.chain != chain {
            let found = position.chain;
            self.other_past = Some(StorageError::damaged(
                "journal",
                format!("the store applied commit {commit} with chain {chain:016x}, the journal has {found:016x}"),
            ));
        }
    }

    fn conclude(mut self, mark: Mark, walked: &[(usize, Header, CommitNo)]) -> Outcome {
        let damage = self.damage(mark, walked.last().map(|&(index, ..)| index));
        let known_durable = self.headers(0).map(|(_, header)| header.durable).max().unwrap_or_default();
        let other_past = self.other_past.take();
        let applied = self.applied.commit;
        let last_of = |index| {
            let holds = |&&(at, header, last): &&(usize, Header, CommitNo)| {
                at == index && last > applied && last > header.before.commit
            };
            walked.iter().find(holds).map(|&(.., last)| last)
        };
        let (mut live, mut dead) = (Vec::new(), Vec::new());
        for (index, Found { path, .. }) in self.found.into_iter().enumerate() {
            match last_of(index) {
                Some(last) => live.push(Closed { path, last }),
                None => dead.push(path),
            }
        }
        Outcome { mark, live, dead, damage, known_durable, other_past }
    }

    /// Describes segments that come after the end of the log and do not continue it.
    fn damage(&self, mark: Mark, last_walked: Option<usize>) -> Option<String> {
        let behind = &self.found[last_walked.map_or(0, |last| last + 1)..];
        let intact: Vec<_> = behind.iter().filter_map(|found| found.header).collect();
        let mut text = format!("the journal ends after commit {}", mark.commit);
        // Older ones than the mark, where nothing was walked: the backend is ahead of them, that is no damage.
        let first = intact.iter().find(|header| header.before.commit >= mark.commit);
        if let Some(Header { sequence, before, .. }) = first {
            text += &format!("; behind it, segment {sequence} is intact from commit {}", before.commit + 1);
        }
        // Only of the segment that was read last, so it is at the end of the log.
        if let Some((sequence, commit)) = self.stray {
            text +=
                &format!("; behind it, segment {sequence} has a record of commit {commit} that does not continue it");
        }
        let damaged = behind.len() - intact.len();
        if damaged > 0 {
            text += &format!("; behind it, segments without a valid header: {damaged}");
        }
        (first.is_some() || damaged > 0 || self.stray.is_some()).then_some(text)
    }
}

impl Outcome {
    /// The file with the last record, or `folder` if there is none.
    pub fn end(&self, folder: &Path) -> PathBuf {
        self.live.last().map_or_else(|| folder.into(), |last| last.path.clone())
    }

    /// What must not be overlooked unless a loss is accepted: another past, or the proof that records right behind
    /// `applied` were durable and are gone.
    pub fn loss(&mut self, applied: Mark, is_damaged: bool) -> Result<()> {
        if let Some(damaged) = self.other_past.take() {
            return Err(damaged);
        }
        if is_damaged && self.mark == applied && self.known_durable > applied.commit {
            return Err(StorageError::loss(self.known_durable, applied.commit));
        }
        Ok(())
    }
}

fn read(found: &Found, bytes: &mut Vec<u8>) -> Result<()> {
    bytes.clear();
    let whole = failpoint::io(Point::JournalReplayRead, || File::open(&found.path)).and_then(|mut file| {
        forget_cached(&file);
        file.read_to_end(bytes)
    });
    whole.map(drop).map_err(StorageError::io("read journal", &found.path))
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
