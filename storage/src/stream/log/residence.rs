//! What of a log is in memory and what is on disk: loading, settling, dropping.
//!
//! A sealed chunk is in one of three states: in memory only (`epoch` 0), in memory and on disk, on disk only. The one
//! surprising rule: deleting in a settled chunk makes it unsettled again, its record on disk is dead from then on.

use super::{ChunkRef, Cold, ColdChunk, Log, PAGE};
use crate::id::StreamId;
use bytes::Bytes;
use std::sync::Arc;

impl Log {
    /// Whether the chunk is still only on disk, as it was named.
    pub(crate) fn wants(&self, cold: &ColdChunk) -> bool {
        let as_named = |c: &ChunkRef| c.epoch == cold.epoch && c.base == cold.base && c.data.is_none();
        self.sealed_at(cold.ordinal).is_some_and(as_named)
    }

    /// Puts bytes that were loaded from disk back in their place, unless the chunk changed or went meanwhile.
    pub fn install(&mut self, cold: &ColdChunk, bytes: Bytes) -> bool {
        if !self.wants(cold) {
            return false;
        }
        let place = self.sealed.get_mut((cold.ordinal - self.first_ordinal) as usize);
        place.is_some_and(|c| {
            self.resident_bytes += bytes.len();
            c.data = Some(Arc::new(bytes));
            true
        })
    }

    /// Number of sealed chunks.
    pub(crate) fn sealed_chunks(&self) -> u64 {
        self.sealed.len() as u64
    }

    /// Whether chunk `ordinal` is in memory.
    pub(crate) fn holds(&self, ordinal: u64) -> bool {
        self.sealed_at(ordinal).is_some_and(|c| c.data.is_some())
    }

    /// Whether the bytes of chunk `ordinal` are on disk in a completed epoch.
    pub(crate) fn is_settled(&self, ordinal: u64, completed: u32) -> bool {
        self.sealed_at(ordinal).is_some_and(|c| c.epoch != 0 && c.epoch <= completed)
    }

    fn sealed_at(&self, ordinal: u64) -> Option<&ChunkRef> {
        self.sealed.get(ordinal.checked_sub(self.first_ordinal)? as usize)
    }

    /// Drops the bytes of chunk `ordinal` from memory if they are on disk; how many bytes that freed.
    pub fn evict(&mut self, ordinal: u64) -> usize {
        let Some(index) = ordinal.checked_sub(self.first_ordinal).map(|i| i as usize) else { return 0 };
        match self.sealed.get(index) {
            Some(c) if c.epoch != 0 && c.data.is_some() => {
                let freed = c.len as usize;
                self.drop_bytes(index);
                freed
            }
            _ => 0,
        }
    }

    /// Ordinal of the chunk that was sealed last.
    pub(crate) fn last_sealed(&self) -> u64 {
        (self.first_ordinal + self.sealed.len() as u64).saturating_sub(1)
    }

    /// Ordinals of sealed chunks whose bytes are in memory.
    pub(crate) fn in_memory(&self) -> impl Iterator<Item = u64> + '_ {
        self.sealed.iter().zip(self.first_ordinal..).filter(|(c, _)| c.data.is_some()).map(|(_, ordinal)| ordinal)
    }

    /// Chunks on disk, needed or not: epoch and base.
    pub(crate) fn on_disk(&self) -> impl Iterator<Item = (u32, StreamId)> + '_ {
        let sealed = self.sealed.iter().filter(|c| c.epoch != 0).map(|c| (c.epoch, c.base));
        sealed.chain(self.dead.iter().copied())
    }

    /// Whether any chunk is only on disk. Stops at the first; what it passes is in memory.
    pub fn any_cold(&self) -> bool {
        self.sealed.iter().any(|chunk| chunk.live > 0 && chunk.data.is_none())
    }

    /// All chunks that are only on disk.
    pub fn all_cold(&self) -> Cold {
        self.cold_among(0..self.sealed.len())
    }

    /// Chunks from that of `from` on, about `bytes` bytes of them and one at least: answers the base of the chunk behind
    /// them (`None`: that were all) once all of them are in memory.
    pub fn stretch(&self, from: StreamId, bytes: u64) -> Result<Option<StreamId>, Cold> {
        let first = self.chunk_of(from);
        let end = self.stretch_end(first, bytes);
        match self.cold_among(first..end) {
            // The open chunk is always in memory.
            cold if cold.0.is_empty() => Ok(self.sealed.get(end).map(|c| c.base)),
            cold => Err(cold),
        }
    }

    /// The chunks among about `bytes` bytes from chunk `index` on that are only on disk.
    pub(super) fn cold_stretch(&self, index: usize, bytes: u64) -> Cold {
        self.cold_among(index..self.stretch_end(index, bytes))
    }

    fn stretch_end(&self, first: usize, bytes: u64) -> usize {
        let mut left = bytes.max(1);
        let behind = (first..self.sealed.len()).find(|i| {
            let c = &self.sealed[*i];
            let enough = left == 0 && c.live > 0;
            left = if c.live > 0 { left.saturating_sub(u64::from(c.len)) } else { left };
            enough
        });
        behind.unwrap_or(self.sealed.len())
    }

    fn cold_among(&self, indexes: std::ops::Range<usize>) -> Cold {
        let cold = |i: &usize| self.sealed[*i].live > 0 && self.sealed[*i].data.is_none();
        Cold(indexes.filter(cold).map(|i| self.cold(i)).collect())
    }

    /// Live entries in the chunks before the one with this base.
    pub fn live_before(&self, base: StreamId) -> u64 {
        self.sealed.iter().take_while(|c| c.base < base).map(|c| u64::from(c.live)).sum()
    }

    /// Considers nothing written: the stream gets a new identity, its records belong to the old one.
    pub(crate) fn forget_records(&mut self) {
        self.dead.clear();
        for (c, ordinal) in self.sealed.iter_mut().zip(self.first_ordinal..) {
            c.epoch = 0;
            self.dirty_pages.insert(ordinal / PAGE);
            if c.live > 0 {
                self.unsettled.insert(ordinal);
            } else if let Some(data) = c.data.take() {
                self.resident_bytes -= data.len();
            }
        }
    }

    /// Sealed chunks whose bytes are not on disk yet: ordinal, base, bytes.
    pub fn unsettled(&self) -> impl Iterator<Item = (u64, StreamId, Arc<Bytes>)> + '_ {
        self.unsettled.iter().filter_map(|&ordinal| {
            let c = self.sealed.get((ordinal - self.first_ordinal) as usize)?;
            c.data.as_ref().map(|data| (ordinal, c.base, Arc::clone(data)))
        })
    }

    /// Notes that the bytes of chunk `ordinal` are on disk under `epoch`, if it still has these bytes; whether it has.
    pub fn settled(&mut self, ordinal: u64, epoch: u32, bytes: &Arc<Bytes>) -> bool {
        let Some(index) = ordinal.checked_sub(self.first_ordinal) else { return false };
        match self.sealed.get_mut(index as usize) {
            Some(c) if c.epoch == 0 && c.data.as_ref().is_some_and(|d| Arc::ptr_eq(d, bytes)) => {
                c.epoch = epoch;
                self.unsettled.remove(&ordinal);
                self.dirty_pages.insert(ordinal / PAGE);
                true
            }
            _ => false,
        }
    }
}
