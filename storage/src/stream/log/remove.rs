//! Taking entries out: one by one, from the front, from the end.
//!
//! A deleted entry stays in its chunk as a mark; a chunk without live entries loses its bytes, and goes altogether when
//! it stands at the front. The one surprising rule: a log without live entries has no chunks at all, so that ids may
//! begin anew (XSETID can go back below what was deleted).

use super::{Log, NodeFill, OpenChunk, PAGE};
use crate::id::StreamId;
use crate::stream::chunk::{self, Slots};
use bytes::{Bytes, BytesMut};
use std::sync::Arc;

impl Log {
    /// Deletes one entry. Its chunk must be in memory ([`Log::contains`] says so); whether it was there. If it is the
    /// first one, the caller follows with [`Log::set_first`].
    pub fn delete(&mut self, id: StreamId) -> bool {
        if id < self.first || self.length == 0 {
            return false;
        }
        let index = self.chunk_of(id);
        let deleted = if index < self.sealed.len() { self.delete_sealed(index, id) } else { self.delete_open(id) };
        if deleted {
            self.length -= 1;
            self.forget_head_node(id);
            self.drop_front();
        }
        deleted
    }

    fn delete_open(&mut self, id: StreamId) -> bool {
        let deleted = chunk::mark_deleted(&mut self.open.bytes, self.open.base, id);
        self.open.live -= u32::from(deleted);
        deleted
    }

    fn delete_sealed(&mut self, index: usize, id: StreamId) -> bool {
        let c = &mut self.sealed[index];
        let Some(data) = c.data.take() else { return false };
        let mut bytes = unique(data);
        let deleted = chunk::mark_deleted(&mut bytes, c.base, id);
        c.data = Some(Arc::new(bytes.freeze()));
        if deleted {
            c.live -= 1;
            self.changed(index);
        }
        deleted
    }

    /// Notes that the bytes of chunk `index` are not those on disk any more.
    fn changed(&mut self, index: usize) {
        let ordinal = self.first_ordinal + index as u64;
        self.dirty_pages.insert(ordinal / PAGE);
        let c = &mut self.sealed[index];
        if c.epoch != 0 {
            self.dead.push((c.epoch, c.base));
            c.epoch = 0;
        }
        if c.live > 0 {
            self.unsettled.insert(ordinal);
        } else {
            self.unsettled.remove(&ordinal);
            self.drop_bytes(index);
        }
    }

    /// Says which entry is the first live one now.
    pub fn set_first(&mut self, id: StreamId) {
        self.first = self.first.max(id);
    }

    pub(super) fn drop_bytes(&mut self, index: usize) {
        if let Some(data) = self.sealed[index].data.take() {
            self.resident_bytes -= data.len();
        }
    }

    /// Removes the `removed` live entries below `first_kept`, which is the id of the first entry that stays (or any id
    /// above all entries when none stays). Needs no bytes.
    pub fn trim(&mut self, first_kept: StreamId, removed: u64) {
        self.first = self.first.max(first_kept);
        self.length = self.length.saturating_sub(removed);
        let mut left = removed;
        if self.length > 0 {
            while !self.sealed.is_empty() && self.base_of(1).is_some_and(|next| next <= first_kept) {
                left = left.saturating_sub(u64::from(self.sealed[0].live));
                self.pop_front();
            }
            self.take_from_head(u32::try_from(left).unwrap_or(u32::MAX));
        }
        self.drop_front();
    }

    /// Counts `dead` entries at the front of the first chunk as gone.
    fn take_from_head(&mut self, dead: u32) {
        match self.sealed.front_mut() {
            Some(c) => {
                c.live = c.live.saturating_sub(dead);
                self.dirty_pages.insert(self.first_ordinal / PAGE);
            }
            None => self.open.live = self.open.live.saturating_sub(dead),
        }
    }

    /// Drops dead chunks from the front; all there is when no entry is live.
    fn drop_front(&mut self) {
        while self.is_dead(0) || (self.length == 0 && !self.sealed.is_empty()) {
            self.pop_front();
        }
        if self.length == 0 {
            self.open = OpenChunk::default();
            self.node = NodeFill::default();
            self.fingers.forget();
            self.head_node.set(None);
        }
    }

    fn pop_front(&mut self) {
        self.drop_bytes(0);
        if let Some(c) = self.sealed.pop_front() {
            if c.epoch != 0 {
                self.dead.push((c.epoch, c.base));
            }
            self.dirty_pages.insert(self.first_ordinal / PAGE);
            self.unsettled.remove(&self.first_ordinal);
            self.first_ordinal += 1;
        }
    }

    /// Makes room for ids above `top` to come again. Above it there must be no live entry, but there may be deleted ones.
    pub fn lower_top(&mut self, top: StreamId) {
        self.fingers.forget();
        self.head_node.set(None);
        let keep = Slots::new(&self.open.bytes, self.open.base).take_while(|s| s.id <= top).last();
        self.open.bytes.truncate(keep.map_or(0, |s| s.end));
        while self.sealed.back().is_some_and(|c| c.base > top && c.live == 0) {
            let ordinal = self.first_ordinal + self.sealed.len() as u64 - 1;
            self.dirty_pages.insert(ordinal / PAGE);
            self.sealed.pop_back();
        }
    }
}

/// Bytes to be changed: in place if nobody else holds them, else a copy (a reply or a checkpoint keeps the old ones).
fn unique(data: Arc<Bytes>) -> BytesMut {
    match Arc::try_unwrap(data) {
        Ok(bytes) => bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..])),
        Err(shared) => BytesMut::from(&shared[..]),
    }
}
