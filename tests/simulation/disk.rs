//! A disk whose faults can be had: it is full, a sync fails, the power goes after so many more steps.
//!
//! What a power cut takes is not decided here: [`MemoryJournal`] and [`Memory`] know what was synced and flushed.

mod files;

use brooklet_storage::StorageError;
use brooklet_storage::backend::memory::{LateReclaims, Memory};
use brooklet_storage::backend::{Backend, BackendStats, Space, Visit, Write};
use brooklet_storage::error::Result;
use brooklet_storage::journal::{CommitNo, Journal, Mark, MemoryJournal, Released, Syncer};
pub use files::Files;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What the simulation does to the disk, and what it is told of it.
#[derive(Debug)]
pub struct Faults {
    /// Writes that the power lasts for.
    pub power: AtomicU64,
    pub full: AtomicBool,
    /// A full disk is announced before an append finds out.
    pub short: AtomicBool,
    pub sync_fails: AtomicBool,
    /// Syncs that worked.
    pub synced: AtomicU64,
}

impl Default for Faults {
    fn default() -> Faults {
        Faults {
            power: AtomicU64::new(u64::MAX),
            full: AtomicBool::default(),
            short: AtomicBool::default(),
            sync_fails: AtomicBool::default(),
            synced: AtomicU64::default(),
        }
    }
}

fn failure(kind: ErrorKind) -> StorageError {
    StorageError::io("write", "the simulated disk")(kind.into())
}

impl Faults {
    pub fn is_out(&self) -> bool {
        self.power.load(Ordering::Relaxed) == 0
    }

    /// One write, if the power lasts.
    fn spend(&self) -> Result<()> {
        let spent = self.power.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| match left {
            0 => None,
            u64::MAX => Some(u64::MAX),
            some => Some(some - 1),
        });
        spent.map(drop).map_err(|_| failure(ErrorKind::Other))
    }
}

/// A backend on this disk.
pub struct FaultyBackend {
    pub inner: Memory,
    pub faults: Arc<Faults>,
}

impl FaultyBackend {
    /// What a restart finds after the machine, or the process, stopped: so many of the batches that were not flushed.
    pub fn after_crash(&self, batches: usize, late: LateReclaims) -> Memory {
        self.inner.crash_copy(batches.min(self.inner.unflushed()), late).expect("a backend that models crashes")
    }
}

impl Backend for FaultyBackend {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.inner.get(space, key)
    }

    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
        self.inner.scan(space, from, to, visit)
    }

    fn write(&self, writes: &[Write]) -> Result<()> {
        self.faults.spend()?;
        self.inner.write(writes)
    }

    fn flush(&self) -> Result<()> {
        self.faults.spend()?;
        self.inner.flush()
    }

    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        self.faults.spend()?;
        self.inner.reclaim(space, from, to)
    }

    fn stats(&self) -> BackendStats {
        self.inner.stats()
    }
}

/// Where the journal is: in memory, or, in some lives, in files as those of a real one.
pub enum Disk {
    Memory(MemoryJournal),
    Files(Arc<Files>),
}

impl Disk {
    /// The disk of a life.
    pub fn of(seed: u64) -> Disk {
        if seed % 8 > 5 { Disk::Files(Arc::new(Files::new())) } else { Disk::Memory(MemoryJournal::new()) }
    }

    /// The journal, as a process opens it.
    pub fn open(&self, faults: &Arc<Faults>) -> FaultyJournal {
        let (inner, files): (Box<dyn Journal>, _) = match self {
            Disk::Memory(journal) => (Box::new(journal.clone()), None),
            Disk::Files(files) => (Box::new(files.open()), Some(Arc::clone(files))),
        };
        FaultyJournal { inner, files, faults: Arc::clone(faults) }
    }

    /// The power goes: of what was not synced, only so many records stay, or, of files, some parts.
    pub fn lose_power(&self, lucky: u64) {
        match self {
            Disk::Memory(journal) => drop(journal.lose_unsynced_but(lucky)),
            Disk::Files(files) => files.lose_power(lucky),
        }
    }

    /// Removes what would stay behind a process that ends without cleaning up.
    pub fn clear(&self) {
        if let Disk::Files(files) = self {
            files.clear();
        }
    }
}

/// A journal on this disk.
pub struct FaultyJournal {
    inner: Box<dyn Journal>,
    files: Option<Arc<Files>>,
    faults: Arc<Faults>,
}

/// Its syncs.
struct FaultySyncer {
    inner: Arc<dyn Syncer>,
    files: Option<Arc<Files>>,
    faults: Arc<Faults>,
}

impl Journal for FaultyJournal {
    fn replay(&mut self, applied: Mark, visit: &mut dyn FnMut(CommitNo, &[u8]) -> Result<()>) -> Result<Mark> {
        self.inner.replay(applied, visit)
    }

    fn append(&mut self, payload: &[u8]) -> Result<Mark> {
        if self.faults.full.load(Ordering::Relaxed) {
            return Err(failure(ErrorKind::StorageFull));
        }
        self.faults.spend()?;
        self.inner.append(payload)
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        let (inner, files, faults) = (self.inner.syncer(), self.files.clone(), Arc::clone(&self.faults));
        Arc::new(FaultySyncer { inner, files, faults })
    }

    fn release_through(&mut self, commit: CommitNo) -> Released {
        // Where the power is out, the files stay.
        if self.faults.is_out() { Released::default() } else { self.inner.release_through(commit) }
    }

    fn is_short(&self) -> bool {
        self.faults.short.load(Ordering::Relaxed) || self.inner.is_short()
    }

    fn live_bytes(&self) -> u64 {
        self.inner.live_bytes()
    }
}

impl Syncer for FaultySyncer {
    fn sync(&self) -> Result<Mark> {
        if self.faults.sync_fails.load(Ordering::Relaxed) {
            return Err(failure(ErrorKind::Other));
        }
        self.faults.spend()?;
        let mark = self.inner.sync()?;
        self.files.iter().for_each(|files| files.synced());
        self.faults.synced.fetch_add(1, Ordering::Relaxed);
        Ok(mark)
    }

    fn prepare(&self) -> Result<()> {
        self.faults.spend()?;
        self.inner.prepare()
    }
}
