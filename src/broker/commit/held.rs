//! The commit on a full disk: refusing writes in time, and what becomes of a batch that found no room.
//!
//! Owns: when the engine is told, and the held batch. Must never know: how a batch was made.

use super::side::Side;
use super::{Append, CommitFailed, Committer, PREPARED_REST, Ticket};
use crate::broker::engine::Engine;
use brooklet_storage::StorageError;
use parking_lot::Mutex;
use std::sync::atomic::Ordering;

/// What the engine says of a full disk, as the reference does.
const FULL: &str = "No space left on device";

/// A batch that found no room on the disk.
pub(super) struct Held {
    pub ticket: Ticket,
    pub batch: Vec<u8>,
    /// A cut of the state waits for it.
    pub is_cut: bool,
}

impl Committer {
    /// Returns when no batch is held, or when there is no hope left.
    pub(super) async fn relieved(&self) {
        let (mut held, mut failed) = (self.held.subscribe(), self.failed.subscribe());
        tokio::select! {
            biased;
            _ = failed.wait_for(Option::is_some) => {}
            _ = held.wait_for(|held| !held) => {}
        }
    }

    /// Tells the engine that the disk is full. Under the journal's lock.
    pub(super) fn refuse_writes(&self, engine: &Mutex<Engine>) {
        if !self.refusing.swap(true, Ordering::AcqRel) {
            tracing::error!("the disk is full: writes are refused until there is room for the journal");
            engine.lock().write_trouble = Some(FULL.into());
        }
    }

    /// What somebody does every now and then while the disk is full: tries the held batch again, and lets writes in when
    /// there is room. `is_ending`: this is the last try; who still waits then gets no answer.
    pub fn relieve(&self, engine: &Mutex<Engine>, is_ending: bool) -> Result<(), CommitFailed> {
        let mut side = Side::of(self);
        if let Some(full) = self.try_held(&mut side)? {
            return if is_ending { Err(self.fail(&full)) } else { Ok(()) };
        }
        let refusing = self.refusing.load(Ordering::Acquire);
        if side.journal.is_short() {
            self.refuse_writes(engine);
        } else if refusing {
            tracing::info!("there is room for the journal again: writes are accepted");
            engine.lock().write_trouble = None;
            self.refusing.store(false, Ordering::Release);
        }
        Ok(())
    }

    /// Tries the held batch again, if there is one; why it is still held.
    pub(super) fn try_held(&self, side: &mut Append) -> Result<Option<StorageError>, CommitFailed> {
        self.check()?;
        let Some(held) = side.held.take() else { return Ok(None) };
        match self.write(side, &held.batch) {
            Ok(()) => {}
            Err(full) if full.is_full() => {
                side.held = Some(held);
                return Ok(Some(full));
            }
            Err(error) => return Err(self.fail(&error)),
        }
        if held.is_cut {
            side.cut = Some(side.mark);
        }
        self.appended.fetch_max(held.ticket, Ordering::AcqRel);
        self.held.send_replace(false);
        Ok(None)
    }

    /// Waits until `found` finds something on the journal's side.
    pub(super) fn wait_for<T>(
        &self,
        mut found: impl FnMut(&mut Append) -> Option<T>,
    ) -> Result<(Side<'_>, T), CommitFailed> {
        loop {
            self.check()?;
            let mut side = Side::of(self);
            if let Some(found) = found(&mut side) {
                return Ok((side, found));
            }
            drop(side);
            std::thread::sleep(PREPARED_REST);
        }
    }
}
