//! The journal in files: a row of segments in one folder.
//!
//! Owns: appending, switching to the next segment, giving segments back. Must never know: what a payload means, when a
//! reply may leave. Read next: `replay.rs` (reading back), `sync.rs` (durability), `spare.rs` (recycled files).
//!
//! Opening and replaying change nothing that was ever part of the log. The first append does: it puts dead files aside
//! and begins a *new* segment. An old segment is never written again, so what is durable is never at risk, and what a
//! crash left behind its end needs no cleaning: the header of the new segment says where the log went on.

use super::live::LiveBytes;
use super::record;
use super::replay::{Closed, Replay, Visit};
use super::segment::{self, Found, Header, RECORDS_AT, Segment};
use super::spare::SparePool;
use super::sync::Shared;
use super::{CommitNo, Journal, Mark, Released, Syncer};
use crate::disk;
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use std::collections::VecDeque;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A write buffer larger than this is given back after the record that needed it.
const KEPT_BUFFER_BYTES: usize = 1 << 20;

/// This part of a segment is kept for what is executed already when the disk gets full.
const RESERVED_PART: u64 = 4;

/// How a file journal behaves.
#[derive(Clone, Copy, Debug)]
pub struct FileJournalOptions {
    /// Bytes of one segment file. A larger record gets a file of its own.
    pub segment_bytes: u64,
    /// At most so many bytes of spare files are kept.
    pub spare_bytes: u64,
    /// Must differ at every opening of the same folder: it tells records of this process from older ones in the same
    /// file. The default is drawn from the operating system.
    pub nonce: u64,
    /// Start even if records right behind the applied commit are known to be lost, or have another past; without them.
    pub accept_data_loss: bool,
}

impl Default for FileJournalOptions {
    fn default() -> Self {
        FileJournalOptions {
            segment_bytes: 16 << 20,
            spare_bytes: 64 << 20,
            nonce: RandomState::new().hash_one(0),
            accept_data_loss: false,
        }
    }
}

/// A journal in a folder of segment files. See the module for what happens when.
#[derive(Debug)]
pub struct FileJournal {
    options: FileJournalOptions,
    pub(super) shared: Arc<Shared>,
    mark: Mark,
    pub(super) active: Option<Active>,
    closed: VecDeque<Closed>,
    /// Files to put aside before the first append.
    dead: Vec<PathBuf>,
    next_sequence: u64,
    live: LiveBytes,
    buffer: Vec<u8>,
    stage: Stage,
    damage: Option<String>,
    known_durable: CommitNo,
    other_past: Option<StorageError>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Opened,
    Replayed,
    Appending,
}

/// The segment that is written to.
#[derive(Debug)]
pub(super) struct Active {
    pub segment: Arc<Segment>,
    salt: u64,
    offset: u64,
    end: u64,
}

impl FileJournal {
    /// Opens the journal in `folder`, creating the folder. The caller holds the lock of the data folder.
    pub fn open(folder: &Path, options: FileJournalOptions) -> Result<FileJournal> {
        let options = FileJournalOptions { segment_bytes: options.segment_bytes.max(RECORDS_AT + 1), ..options };
        disk::create_folder(folder)?;
        let spares = SparePool::open(folder, options.segment_bytes, options.spare_bytes)?;
        Ok(FileJournal {
            options,
            shared: Arc::new(Shared::open(folder, spares)?),
            mark: Mark::default(),
            active: None,
            closed: VecDeque::new(),
            dead: Vec::new(),
            next_sequence: 1,
            live: LiveBytes::default(),
            buffer: Vec::new(),
            stage: Stage::Opened,
            damage: None,
            known_durable: 0,
            other_past: None,
        })
    }

    /// After replay: the file with the last record, or the folder if there is none.
    pub fn end(&self) -> &Path {
        self.closed.back().map_or(&self.shared.folder, |last| &last.path)
    }

    /// After a replay that accepts losses: that no record was visited, because the journal has another past than what
    /// was applied.
    pub fn other_past(&mut self) -> Option<StorageError> {
        self.other_past.take()
    }

    /// Puts aside, durably, what replay found dead. Else the first append does it; a loss that was accepted must be
    /// forgotten also where no append follows.
    pub fn forget_dead(&mut self) -> Result<()> {
        if self.stage == Stage::Opened {
            return Err(self.misuse("forget before replay in journal"));
        }
        self.settle()
    }

    /// All files with the name of a segment, ascending.
    fn segments(&self) -> Result<Vec<Found>> {
        segment::list(&self.shared.folder)
    }

    fn misuse(&self, what: &'static str) -> StorageError {
        StorageError::io(what, &self.shared.folder)(std::io::ErrorKind::InvalidInput.into())
    }

    /// The active segment if the record fits, else a new one.
    fn room(&mut self, bytes: u64) -> Result<Active> {
        match self.active.take() {
            Some(active) if active.end - active.offset >= bytes => return Ok(active),
            Some(full) => {
                self.closed.push_back(Closed { path: full.segment.path.clone(), last: self.mark.commit });
            }
            None => {}
        }
        self.settle()?;
        self.next_segment(bytes)
    }

    /// Once, before the first append: what replay found dead must stay dead, whatever else survives a power cut.
    fn settle(&mut self) -> Result<()> {
        if self.stage == Stage::Appending {
            return Ok(());
        }
        failpoint::at(Point::StartDead)?;
        while let Some(path) = self.dead.last() {
            self.shared.spares.give(path)?;
            self.dead.pop();
        }
        self.shared.sync_names().map_err(|error| self.shared.failed(error))?;
        self.stage = Stage::Appending;
        Ok(())
    }

    fn next_segment(&mut self, bytes: u64) -> Result<Active> {
        let sequence = self.next_sequence;
        let salt = xxh3_64_with_seed(&sequence.to_le_bytes(), self.options.nonce);
        let durable = self.shared.durable().commit;
        let header = Header { sequence, salt, before: self.mark, durable };
        let (folder, spares) = (&self.shared.folder, &self.shared.spares);
        let end = self.options.segment_bytes.max(RECORDS_AT + bytes);
        let segment = if end > self.options.segment_bytes {
            spares.has_room(end)?;
            Segment::create(folder, &header)?
        } else {
            let spare = spares.take().map_or_else(|| spares.create(false), Ok)?;
            Segment::recycle(folder, &spare, &header).inspect_err(|_| spares.put_back(spare))?
        };
        spares.look_ahead();
        self.next_sequence += 1;
        self.shared.begun();
        Ok(Active { segment, salt, offset: RECORDS_AT, end })
    }

    /// One write of the record in the buffer. After an error the place is written again by the next append.
    fn write(&self, active: &mut Active) -> Result<()> {
        let Active { segment, offset, end, .. } = active;
        match failpoint::io(Point::JournalRecordWrite, || segment.file.write_all_at(&self.buffer, *offset)) {
            Ok(()) => {
                *offset += self.buffer.len() as u64;
                Ok(())
            }
            Err(error) => {
                if *end > self.options.segment_bytes {
                    // A file of its own grows with its record: give back what the torn part took.
                    let _ = segment.file.set_len(*offset);
                }
                Err(StorageError::io("write journal", &segment.path)(error))
            }
        }
    }

    fn try_append(&mut self, payload: &[u8], length: u32) -> Result<Mark> {
        let mut active = self.room(record::HEADER as u64 + u64::from(length))?;
        let mark = record::encode(&mut self.buffer, self.mark, active.salt, payload, length);
        let written = self.write(&mut active);
        if written.is_ok() {
            self.shared.appended(mark, &active.segment);
        }
        self.active = Some(active);
        written.map(|()| mark)
    }
}

impl Journal for FileJournal {
    fn replay(&mut self, applied: Mark, visit: &mut Visit<'_>) -> Result<Mark> {
        if self.stage != Stage::Opened {
            return Err(self.misuse("replay a second time journal"));
        }
        let found = self.segments()?;
        self.next_sequence = found.last().map_or(1, |last| last.sequence + 1);
        let mut outcome = Replay::new(applied, found, &mut self.live).run(visit)?;
        self.damage = outcome.damage.take();
        self.known_durable = outcome.known_durable;
        if !self.options.accept_data_loss {
            let end = outcome.end(&self.shared.folder);
            outcome.loss(applied, self.damage.is_some()).map_err(|loss| loss.ends_in(&end))?;
        }
        self.other_past = outcome.other_past.take();
        let open = |closed: &Closed| {
            let file = failpoint::io(Point::JournalReopen, || File::open(&closed.path))
                .map_err(StorageError::io("open journal", &closed.path))?;
            Ok(Arc::new(Segment { path: closed.path.clone(), file }))
        };
        let unsynced = outcome.live.iter().map(open).collect::<Result<Vec<_>>>()?;
        self.shared.begin(outcome.mark, applied, unsynced);
        self.mark = outcome.mark;
        self.closed = outcome.live.into();
        self.dead = outcome.dead;
        self.stage = Stage::Replayed;
        Ok(self.mark)
    }

    fn replay_bytes(&self, applied: Mark) -> Result<u64> {
        let found = self.segments()?;
        let begins = |found: &Found| found.header.map_or(0, |header| header.before.commit);
        let first = found.iter().rposition(|found| begins(found) <= applied.commit).unwrap_or(0);
        let length = |found: &Found| std::fs::metadata(&found.path).map_err(StorageError::io("inspect", &found.path));
        found[first..].iter().try_fold(0, |sum, found| Ok(sum + length(found)?.len()))
    }

    fn append(&mut self, payload: &[u8]) -> Result<Mark> {
        self.shared.check()?;
        if self.stage == Stage::Opened {
            return Err(self.misuse("append before replay to journal"));
        }
        let length = record::length(payload).ok_or_else(|| self.misuse("append over 4 GiB to journal"))?;
        self.mark = self.try_append(payload, length).map_err(|error| self.shared.failed_write(error))?;
        self.live.add(self.mark.commit, self.buffer.len() as u64);
        if self.buffer.capacity() > KEPT_BUFFER_BYTES {
            self.buffer = Vec::new();
        }
        Ok(self.mark)
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        self.shared.clone()
    }

    fn release_through(&mut self, commit: CommitNo) -> Released {
        let count = self.closed.iter().take_while(|oldest| oldest.last <= commit).count();
        let paths: Vec<PathBuf> = self.closed.drain(..count).map(|closed| closed.path).collect();
        self.shared.dropped(&paths);
        self.live.drop_through(commit);
        Released { paths, shared: Some(Arc::clone(&self.shared)) }
    }

    fn is_short(&self) -> bool {
        let left = self.active.as_ref().map_or(0, |active| active.end - active.offset);
        left < self.options.segment_bytes / RESERVED_PART && self.shared.spares.is_short()
    }

    fn live_bytes(&self) -> u64 {
        self.live.get()
    }

    fn closed_bytes(&self) -> u64 {
        self.closed.len() as u64 * self.options.segment_bytes
    }

    fn tail_damage(&self) -> Option<&str> {
        self.damage.as_deref()
    }

    fn known_durable(&self) -> CommitNo {
        self.known_durable
    }
}
