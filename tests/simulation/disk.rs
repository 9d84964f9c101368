//! A disk whose faults can be had: it is full, a sync fails, the power goes after so many more steps.
//!
//! What a power cut takes is not decided here: [`MemoryJournal`] and [`Memory`] know what was synced and flushed.

use brooklet_storage::StorageError;
use brooklet_storage::backend::memory::{LateReclaims, Memory};
use brooklet_storage::backend::{Backend, BackendStats, Space, Visit, Write};
use brooklet_storage::error::Result;
use brooklet_storage::journal::{CommitNo, Journal, Mark, MemoryJournal, Released, Syncer};
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

/// A journal on this disk.
#[derive(Clone)]
pub struct FaultyJournal {
    pub inner: MemoryJournal,
    pub faults: Arc<Faults>,
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
        Arc::new(self.clone())
    }

    fn release_through(&mut self, commit: CommitNo) -> Released {
        // Where the power is out, the files stay.
        if self.faults.is_out() { Released::default() } else { self.inner.release_through(commit) }
    }

    fn is_short(&self) -> bool {
        self.faults.short.load(Ordering::Relaxed)
    }

    fn live_bytes(&self) -> u64 {
        self.inner.live_bytes()
    }
}

impl Syncer for FaultyJournal {
    fn sync(&self) -> Result<Mark> {
        if self.faults.sync_fails.load(Ordering::Relaxed) {
            return Err(failure(ErrorKind::Other));
        }
        self.faults.spend()?;
        let mark = self.inner.syncer().sync()?;
        self.faults.synced.fetch_add(1, Ordering::Relaxed);
        Ok(mark)
    }
}
