//! Reading entries: ranges both ways, by id, by number.
//!
//! Whatever is answered is exact; a chunk that is needed and only on disk is named instead ([`Cold`]). The one
//! surprising rule: a dead chunk has no bytes anywhere, so it is skipped by its count before anyone asks for them.

use super::finger::{Finger, Hand};
use super::{Cold, IdRange, Log};
use crate::id::StreamId;
use crate::stream::chunk::{self, Entry, Slot};
use crate::stream::fields::Fields;
use bytes::Bytes;
use std::ops::ControlFlow;

impl Log {
    /// Visits the live entries of `range`, ascending, until `visit` breaks. Fails with the index of a cold chunk.
    fn walk(
        &self,
        range: IdRange,
        hand: Hand,
        mut visit: impl FnMut(usize, &Slot) -> ControlFlow<()>,
    ) -> Result<(), usize> {
        let start = range.start.max(self.first);
        if self.length == 0 || start > range.end {
            return Ok(());
        }
        let first = self.chunk_of(start);
        for index in first..=self.sealed.len() {
            if index > first && self.base_of(index).is_none_or(|base| base > range.end) {
                break;
            }
            if self.is_dead(index) {
                continue;
            }
            let (bytes, base) = self.bytes_of(index).ok_or(index)?;
            let (slots, mut reached) = self.fingers.walk(bytes, base, start);
            for slot in slots {
                let wanted = slot.id >= start && !slot.deleted;
                if wanted && (slot.id > range.end || visit(index, &slot).is_break()) {
                    self.fingers.put(hand, reached);
                    return Ok(());
                }
                reached = Finger { base, past: slot.id, at: slot.end };
            }
            self.fingers.put(hand, reached);
        }
        Ok(())
    }

    fn entry(&self, index: usize, slot: &Slot) -> Entry {
        let fields = match self.sealed.get(index).and_then(|c| c.data.as_ref()) {
            // A sealed chunk's bytes are shared; the open one still grows, so they are copied.
            Some(data) => data.slice_ref(slot.fields_in(data)),
            None => Bytes::copy_from_slice(slot.fields_in(&self.open.bytes)),
        };
        Entry { id: slot.id, fields: Fields::from_packed(fields) }
    }

    /// Up to `count` live entries of `range`, ascending.
    pub fn range(&self, range: IdRange, count: usize) -> Result<Vec<Entry>, Cold> {
        let mut out = Vec::new();
        if count == 0 {
            return Ok(out);
        }
        let walked = self.walk(range, Hand::Reader, |index, slot| {
            out.push(self.entry(index, slot));
            if out.len() == count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match walked {
            Ok(()) => Ok(out),
            Err(index) => Err(self.cold_forward(index, range.end, count - out.len())),
        }
    }

    /// The ids of all live entries of `range`, ascending.
    pub fn ids(&self, range: IdRange) -> Result<Vec<StreamId>, Cold> {
        let mut out = Vec::new();
        let walked = self.walk(range, Hand::Head, |_, slot| {
            out.push(slot.id);
            ControlFlow::Continue(())
        });
        walked.map(|()| out).map_err(|index| self.cold_forward(index, range.end, usize::MAX))
    }

    /// Up to `count` live entries of `range`, descending.
    pub fn range_back(&self, range: IdRange, count: usize) -> Result<Vec<Entry>, Cold> {
        let start = range.start.max(self.first);
        let mut out: Vec<Entry> = Vec::new();
        if self.length == 0 || start > range.end || count == 0 {
            return Ok(out);
        }
        let mut index = self.chunk_of(range.end);
        loop {
            if !self.is_dead(index) {
                let Some((bytes, base)) = self.bytes_of(index) else {
                    return Err(self.cold_backward(index, start, count - out.len()));
                };
                let (slots, _) = self.fingers.walk(bytes, base, start);
                let wanted = slots.take_while(|s| s.id <= range.end).filter(|s| s.id >= start && !s.deleted);
                let slots: Vec<_> = wanted.collect();
                out.extend(slots.iter().rev().take(count - out.len()).map(|s| self.entry(index, s)));
            }
            if out.len() >= count || index == 0 || self.base_of(index).is_some_and(|base| base <= start) {
                return Ok(out);
            }
            index -= 1;
        }
    }

    /// The chunks from `index` on that `count` more entries need: known exactly, because live entries are counted.
    pub(super) fn cold_forward(&self, index: usize, end: StreamId, count: usize) -> Cold {
        let mut wanted = count as u64;
        let mut out = Vec::new();
        for i in index..self.sealed.len() {
            let c = &self.sealed[i];
            if i > index && (wanted == 0 || c.base > end) {
                break;
            }
            if c.live > 0 && c.data.is_none() {
                out.push(self.cold(i));
            }
            // The first chunk may contribute little: its head can lie before the range.
            wanted = if i == index { wanted } else { wanted.saturating_sub(u64::from(c.live)) };
        }
        Cold(out)
    }

    pub(super) fn cold_backward(&self, index: usize, start: StreamId, count: usize) -> Cold {
        let mut wanted = count as u64;
        let mut out = Vec::new();
        for i in (0..=index).rev() {
            let c = &self.sealed[i];
            if c.live > 0 && c.data.is_none() {
                out.push(self.cold(i));
            }
            wanted = if i == index { wanted } else { wanted.saturating_sub(u64::from(c.live)) };
            if wanted == 0 || c.base <= start {
                break;
            }
        }
        Cold(out)
    }

    /// Whether `id` is a live entry.
    pub fn contains(&self, id: StreamId) -> Result<bool, Cold> {
        if id < self.first || self.length == 0 {
            return Ok(false);
        }
        let index = self.chunk_of(id);
        if self.is_dead(index) {
            return Ok(false);
        }
        match self.bytes_of(index) {
            Some((bytes, base)) => Ok(chunk::contains(bytes, base, id)),
            None => Err(Cold(vec![self.cold(index)])),
        }
    }

    /// The live entry `id`, if there is one.
    pub fn get(&self, id: StreamId) -> Result<Option<Entry>, Cold> {
        Ok(self.range(IdRange { start: id, end: id }, 1)?.pop())
    }

    /// The first live entry.
    pub fn first(&self) -> Result<Option<Entry>, Cold> {
        Ok(self.range(IdRange::ALL, 1)?.pop())
    }

    /// The last live entry.
    pub fn last(&self) -> Result<Option<Entry>, Cold> {
        Ok(self.range_back(IdRange::ALL, 1)?.pop())
    }

    /// How many live entries have an id up to and including `id`.
    pub fn rank(&self, id: StreamId) -> Result<u64, Cold> {
        if id < self.first || self.length == 0 {
            return Ok(0);
        }
        let index = self.chunk_of(id);
        let before: u64 = self.sealed.iter().take(index).map(|c| u64::from(c.live)).sum();
        if self.is_dead(index) {
            return Ok(before);
        }
        let Some((bytes, base)) = self.bytes_of(index) else {
            return Err(Cold(vec![self.cold(index)]));
        };
        let start = self.first.max(base);
        let (slots, _) = self.fingers.walk(bytes, base, start);
        let live = |s: &Slot| !s.deleted && s.id >= start;
        Ok(before + slots.take_while(|s| s.id <= id).filter(live).count() as u64)
    }

    /// Id of the first live entry, `0-0` when there is none.
    pub fn first_id(&self) -> StreamId {
        if self.length == 0 { StreamId::MIN } else { self.first }
    }

    /// Id of the `n`-th live entry, counted from 0. Near the head it costs O(n).
    pub fn nth(&self, n: u64) -> Result<Option<StreamId>, Cold> {
        if n >= self.length {
            return Ok(None);
        }
        let (mut left, mut index) = (n, 0);
        while let Some(c) = self.sealed.get(index).filter(|c| u64::from(c.live) <= left) {
            left -= u64::from(c.live);
            index += 1;
        }
        let start = self.base_of(index).unwrap_or(StreamId::MIN);
        self.find(IdRange { start, end: StreamId::MAX }, left)
    }

    /// Id of the first live entry at or above `id`.
    pub fn first_from(&self, id: StreamId) -> Result<Option<StreamId>, Cold> {
        self.find(IdRange { start: id, end: StreamId::MAX }, 0)
    }

    /// Id of the live entry of `range` that follows `skip` others.
    fn find(&self, range: IdRange, mut skip: u64) -> Result<Option<StreamId>, Cold> {
        let mut found = None;
        let walked = self.walk(range, Hand::Head, |_, slot| {
            if skip == 0 {
                found = Some(slot.id);
                return ControlFlow::Break(());
            }
            skip -= 1;
            ControlFlow::Continue(())
        });
        walked.map(|()| found).map_err(|index| self.cold_forward(index, range.end, 1))
    }
}
