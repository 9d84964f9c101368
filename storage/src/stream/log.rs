//! The entries of one stream: sealed chunks in a deque, the open chunk at the end.
//!
//! Owns: where an entry is, how many live ones there are, which chunks are in memory and which only on disk. A read
//! that meets a chunk that is only on disk answers [`Cold`]; the caller loads what it names and asks again.
//! Must never know: groups, the journal, where chunks are stored.

use super::chunk::{self, CHUNK_BYTES, Entry, Slots};
use super::fields::Fields;
use crate::id::StreamId;
use bytes::Bytes;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// Chunks listed in one page of the index; page `n` lists ordinals `n * PAGE .. (n + 1) * PAGE`.
pub const PAGE: u64 = 256;

/// A sealed chunk: always known, its bytes in memory or on disk.
#[derive(Clone, Debug)]
pub struct ChunkRef {
    /// Id of the first entry it ever held; the base of its ids.
    pub base: StreamId,
    /// Live entries in it.
    pub live: u32,
    /// Length in bytes.
    pub len: u32,
    /// The epoch under which it is on disk; 0 = its current bytes are not on disk.
    pub epoch: u32,
    /// Its bytes, when they are in memory. A box, so that a chunk that is only on disk costs 40 bytes.
    pub data: Option<Arc<Bytes>>,
}

/// A chunk that has to be loaded before the call can be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColdChunk {
    /// Its place in the log; stable while the stream lives.
    pub ordinal: u64,
    /// The epoch it is stored under.
    pub epoch: u32,
    /// Its base id.
    pub base: StreamId,
    /// Live entries it must hold.
    pub live: u32,
}

/// The chunks a read needs that are only on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cold(pub Vec<ColdChunk>);

/// A range of ids, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// First id wanted.
    pub start: StreamId,
    /// Last id wanted.
    pub end: StreamId,
}

impl IdRange {
    /// From `id` (exclusive) to the end; `None` behind the largest id.
    pub fn after(id: StreamId) -> Option<IdRange> {
        Some(IdRange { start: id.next()?, end: StreamId::MAX })
    }
}

/// The chunk that takes new entries.
#[derive(Clone, Debug, Default)]
pub struct OpenChunk {
    /// Id of its first entry (meaningless while empty).
    pub base: StreamId,
    /// Live entries.
    pub live: u32,
    /// Packed entries.
    pub bytes: Vec<u8>,
}

/// The grain of `~` trimming: how large the node at the end is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeFill {
    /// Entries in the last node.
    pub entries: u32,
    /// Bytes in the last node.
    pub bytes: u32,
}

/// All entries of a stream.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub(crate) sealed: VecDeque<ChunkRef>,
    /// Ordinal of `sealed[0]`: chunks are numbered for ever, trimmed ones keep their number.
    pub(crate) first_ordinal: u64,
    pub(crate) open: OpenChunk,
    /// Id of the first live entry; whatever stands below it in a chunk is dead. Meaningless while the log is empty.
    pub(crate) first: StreamId,
    /// Live entries.
    pub(crate) length: u64,
    pub(crate) node: NodeFill,
    /// Index pages that changed since the last checkpoint.
    pub(crate) dirty_pages: BTreeSet<u64>,
    /// Ordinals of sealed chunks whose bytes are not on disk.
    pub(crate) unsettled: BTreeSet<u64>,
    /// Bytes of chunks held in memory, the open one not counted.
    pub(crate) resident_bytes: usize,
    /// Chunks on disk that nobody needs any more: (epoch, base).
    pub(crate) dead: Vec<(u32, StreamId)>,
}

/// What an append did besides appending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The chunk before was sealed; it may settle now.
    pub sealed: bool,
}

/// Limits of a node (`stream-node-max-entries`, `stream-node-max-bytes`; 0 = no limit).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeLimits {
    /// Entries.
    pub entries: u32,
    /// Bytes.
    pub bytes: u32,
}

impl Default for NodeLimits {
    fn default() -> Self {
        NodeLimits { entries: 100, bytes: 4096 }
    }
}

impl Log {
    /// Live entries.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is no live entry.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Chunks, the open one included.
    pub fn chunks(&self) -> usize {
        self.sealed.len() + usize::from(!self.open.bytes.is_empty())
    }

    /// Bytes of memory this log holds, about.
    pub fn memory(&self) -> usize {
        self.resident_bytes + self.open.bytes.capacity() + self.sealed.len() * size_of::<ChunkRef>()
    }

    /// Appends an entry behind all others.
    pub fn append(&mut self, id: StreamId, packed: &[u8], limits: NodeLimits) -> Appended {
        let node_start = self.next_node(packed.len(), limits);
        let full = !self.open.bytes.is_empty() && self.open.bytes.len() + packed.len() + 16 > CHUNK_BYTES;
        let sealed = full && self.open.live > 0;
        if sealed {
            self.seal();
        } else if full {
            // Nothing in it is needed any more.
            self.open.bytes.clear();
        }
        if self.open.bytes.is_empty() {
            self.open.base = id;
        }
        if self.length == 0 {
            self.first = id;
        }
        chunk::push(&mut self.open.bytes, self.open.base, id, node_start, packed);
        self.open.live += 1;
        self.length += 1;
        Appended { sealed }
    }

    fn next_node(&mut self, len: usize, limits: NodeLimits) -> bool {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        let full = self.node.entries == 0
            || (limits.entries > 0 && self.node.entries >= limits.entries)
            || (limits.bytes > 0 && self.node.bytes.saturating_add(len) >= limits.bytes);
        if full {
            self.node = NodeFill::default();
        }
        self.node.entries += 1;
        self.node.bytes = self.node.bytes.saturating_add(len);
        full
    }

    fn seal(&mut self) {
        let open = std::mem::take(&mut self.open);
        let bytes = Bytes::from(open.bytes.into_boxed_slice());
        self.resident_bytes += bytes.len();
        let ordinal = self.first_ordinal + self.sealed.len() as u64;
        self.dirty_pages.insert(ordinal / PAGE);
        self.unsettled.insert(ordinal);
        self.sealed.push_back(ChunkRef {
            base: open.base,
            live: open.live,
            len: bytes.len() as u32,
            epoch: 0,
            data: Some(Arc::new(bytes)),
        });
        // The next chunk will grow to the same size: allocate it once.
        self.open.bytes = Vec::with_capacity(CHUNK_BYTES);
    }

    /// Index into `sealed` of the chunk that may hold `id`; `sealed.len()` means the open chunk.
    fn chunk_of(&self, id: StreamId) -> usize {
        if !self.open.bytes.is_empty() && id >= self.open.base {
            return self.sealed.len();
        }
        self.sealed.partition_point(|c| c.base <= id).saturating_sub(1)
    }

    fn cold(&self, index: usize) -> ColdChunk {
        let c = &self.sealed[index];
        ColdChunk { ordinal: self.first_ordinal + index as u64, epoch: c.epoch, base: c.base, live: c.live }
    }

    /// The bytes and base of chunk `index`, or `None` when it is only on disk.
    fn bytes_of(&self, index: usize) -> Option<(&[u8], StreamId)> {
        match self.sealed.get(index) {
            Some(c) => c.data.as_ref().map(|d| (&d[..], c.base)),
            None => Some((&self.open.bytes, self.open.base)),
        }
    }

    fn entry(&self, index: usize, slot: &chunk::Slot) -> Entry {
        let fields = match self.sealed.get(index).and_then(|c| c.data.as_ref()) {
            // A sealed chunk never changes, so its bytes are shared; the open one still grows, so they are copied.
            Some(data) => data.slice_ref(slot.fields_in(data)),
            None => Bytes::copy_from_slice(slot.fields_in(&self.open.bytes)),
        };
        Entry { id: slot.id, fields: Fields::from_packed(fields) }
    }

    /// Up to `count` live entries of `range`, ascending.
    pub fn range(&self, range: IdRange, count: usize) -> Result<Vec<Entry>, Cold> {
        let start = range.start.max(self.first);
        let mut out = Vec::new();
        if self.length == 0 || start > range.end || count == 0 {
            return Ok(out);
        }
        let first = self.chunk_of(start);
        for index in first..=self.sealed.len() {
            if index > first && self.base_of(index).is_none_or(|base| base > range.end) {
                break;
            }
            if self.sealed.get(index).is_some_and(|c| c.live == 0) {
                continue;
            }
            let Some((bytes, base)) = self.bytes_of(index) else {
                return Err(self.cold_forward(index, range.end, count - out.len()));
            };
            for slot in Slots::new(bytes, base) {
                // A deleted entry at the end may have a larger id than what came later, see `rewind`.
                if slot.id > range.end || out.len() == count {
                    break;
                }
                if slot.id >= start && !slot.deleted {
                    out.push(self.entry(index, &slot));
                }
            }
            if out.len() == count {
                break;
            }
        }
        Ok(out)
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
            if self.sealed.get(index).is_none_or(|c| c.live > 0) {
                let Some((bytes, base)) = self.bytes_of(index) else {
                    return Err(self.cold_backward(index, start, count - out.len()));
                };
                let slots: Vec<_> = Slots::new(bytes, base)
                    .take_while(|s| s.id <= range.end)
                    .filter(|s| s.id >= start && !s.deleted)
                    .collect();
                out.extend(slots.iter().rev().take(count - out.len()).map(|s| self.entry(index, s)));
            }
            if out.len() >= count || index == 0 || self.base_of(index).is_some_and(|base| base <= start) {
                return Ok(out);
            }
            index -= 1;
        }
    }

    fn base_of(&self, index: usize) -> Option<StreamId> {
        match self.sealed.get(index) {
            Some(c) => Some(c.base),
            None => (!self.open.bytes.is_empty()).then_some(self.open.base),
        }
    }

    /// The chunks from `index` on that `count` more entries need: known exactly, because live entries are counted.
    fn cold_forward(&self, index: usize, end: StreamId, count: usize) -> Cold {
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

    fn cold_backward(&self, index: usize, start: StreamId, count: usize) -> Cold {
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
        if self.sealed.get(index).is_some_and(|c| c.live == 0) {
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
        Ok(self.range(IdRange { start: StreamId::MIN, end: StreamId::MAX }, 1)?.pop())
    }

    /// The last live entry.
    pub fn last(&self) -> Result<Option<Entry>, Cold> {
        Ok(self.range_back(IdRange { start: StreamId::MIN, end: StreamId::MAX }, 1)?.pop())
    }

    /// How many live entries have an id up to and including `id`.
    pub fn rank(&self, id: StreamId) -> Result<u64, Cold> {
        if id < self.first || self.length == 0 {
            return Ok(0);
        }
        let index = self.chunk_of(id);
        let before: u64 = self.sealed.iter().take(index).map(|c| u64::from(c.live)).sum();
        if self.sealed.get(index).is_some_and(|c| c.live == 0) {
            return Ok(before);
        }
        let Some((bytes, base)) = self.bytes_of(index) else {
            return Err(Cold(vec![self.cold(index)]));
        };
        let live = |s: &chunk::Slot| !s.deleted && s.id >= self.first;
        Ok(before + Slots::new(bytes, base).take_while(|s| s.id <= id).filter(live).count() as u64)
    }

    /// Id of the first live entry, `0-0` when there is none.
    pub fn first_id(&self) -> StreamId {
        if self.length == 0 { StreamId::MIN } else { self.first }
    }

    /// Id of the `n`-th live entry, counted from 0.
    pub fn nth(&self, n: u64) -> Result<Option<StreamId>, Cold> {
        if n >= self.length {
            return Ok(None);
        }
        let (mut left, mut index) = (n, 0);
        while let Some(c) = self.sealed.get(index).filter(|c| u64::from(c.live) <= left) {
            left -= u64::from(c.live);
            index += 1;
        }
        let Some((bytes, base)) = self.bytes_of(index) else {
            return Err(Cold(vec![self.cold(index)]));
        };
        let mut live = Slots::new(bytes, base).filter(|s| !s.deleted && s.id >= self.first);
        Ok(live.nth(left as usize).map(|s| s.id))
    }

    /// Id of the first live entry at or above `id`.
    pub fn first_from(&self, id: StreamId) -> Result<Option<StreamId>, Cold> {
        Ok(self.range(IdRange { start: id, end: StreamId::MAX }, 1)?.first().map(|e| e.id))
    }

    /// Deletes one entry. Its chunk must be in memory ([`Log::contains`] says so); whether it was there. If it is the
    /// first one, the caller follows with [`Log::set_first`].
    pub fn delete(&mut self, id: StreamId) -> bool {
        if id < self.first {
            return false;
        }
        let index = self.chunk_of(id);
        let deleted = match self.sealed.get_mut(index) {
            None => {
                chunk::mark_deleted(&mut self.open.bytes, self.open.base, id) && {
                    self.open.live -= 1;
                    true
                }
            }
            Some(c) => {
                let Some(data) = &c.data else { return false };
                let mut bytes = data.to_vec();
                if !chunk::mark_deleted(&mut bytes, c.base, id) {
                    return false;
                }
                c.live -= 1;
                c.data = Some(Arc::new(bytes.into()));
                if c.epoch != 0 {
                    self.dead.push((c.epoch, c.base));
                    c.epoch = 0;
                }
                let ordinal = self.first_ordinal + index as u64;
                self.dirty_pages.insert(ordinal / PAGE);
                self.unsettled.insert(ordinal);
                if c.live == 0 {
                    self.unsettled.remove(&ordinal);
                    self.drop_bytes(index);
                }
                true
            }
        };
        self.length -= u64::from(deleted);
        deleted
    }

    /// Says which entry is the first live one now.
    pub fn set_first(&mut self, id: StreamId) {
        self.first = self.first.max(id);
    }

    fn drop_bytes(&mut self, index: usize) {
        if let Some(data) = self.sealed[index].data.take() {
            self.resident_bytes -= data.len();
        }
    }

    /// Removes the `removed` live entries below `first_kept`, which is the id of the first entry that stays (or any id
    /// above all entries when none stays). Needs no bytes.
    pub fn trim(&mut self, first_kept: StreamId, removed: u64) {
        self.first = self.first.max(first_kept);
        self.length -= removed;
        let mut left = removed;
        while let Some(next) = self.base_of(1).or_else(|| (self.length == 0).then_some(first_kept)) {
            if self.sealed.is_empty() || next > first_kept {
                break;
            }
            left -= u64::from(self.sealed[0].live);
            self.pop_front();
        }
        match self.sealed.front_mut() {
            Some(c) => {
                c.live -= left as u32;
                if left > 0 {
                    self.dirty_pages.insert(self.first_ordinal / PAGE);
                }
            }
            None => {
                self.open.live -= left as u32;
                if self.open.live == 0 {
                    self.open = OpenChunk::default();
                    self.node = NodeFill::default();
                }
            }
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

    /// Makes room for entries right above `last`, where only deleted ones may stand: XSETID can lower the last id.
    /// False if a live entry is above it.
    pub(crate) fn rewind(&mut self, last: StreamId) -> bool {
        let cut = Slots::new(&self.open.bytes, self.open.base).take_while(|s| s.id <= last).last().map_or(0, |s| s.end);
        if Slots::starting_at(&self.open.bytes, self.open.base, cut).any(|s| !s.deleted && s.id >= self.first) {
            return false;
        }
        self.open.bytes.truncate(cut);
        if cut == 0 {
            (self.open, self.node) = (OpenChunk::default(), NodeFill::default());
        }
        while self.sealed.back().is_some_and(|c| c.base > last) {
            if self.sealed.back().is_some_and(|c| c.live > 0) {
                return false;
            }
            self.pop_back();
        }
        true
    }

    fn pop_back(&mut self) {
        let Some(index) = self.sealed.len().checked_sub(1) else { return };
        let ordinal = self.first_ordinal + index as u64;
        self.drop_bytes(index);
        self.dirty_pages.insert(ordinal / PAGE);
        self.unsettled.remove(&ordinal);
        if let Some(c) = self.sealed.pop_back().filter(|c| c.epoch != 0) {
            self.dead.push((c.epoch, c.base));
        }
    }

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
        match self.sealed.get_mut((cold.ordinal - self.first_ordinal) as usize) {
            Some(c) => {
                self.resident_bytes += bytes.len();
                c.data = Some(Arc::new(bytes));
                true
            }
            None => false,
        }
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

    /// All chunks that are only on disk.
    pub fn all_cold(&self) -> Cold {
        let cold = |i: &usize| self.sealed[*i].live > 0 && self.sealed[*i].data.is_none();
        Cold((0..self.sealed.len()).filter(cold).map(|i| self.cold(i)).collect())
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

    /// Where `~` may cut: walks nodes from the front and counts their live entries while `more(live so far, next
    /// node's live entries, next node's last id)` agrees. Returns entries to remove and the first id that stays.
    pub fn node_cut(&self, mut more: impl FnMut(u64, u64, StreamId) -> bool) -> Result<Option<(u64, StreamId)>, Cold> {
        let mut cut = None;
        let (mut removed, mut node_live, mut node_last) = (0u64, 0u64, StreamId::MIN);
        for index in 0..=self.sealed.len() {
            if self.sealed.get(index).is_some_and(|c| c.live == 0) {
                continue;
            }
            let Some((bytes, base)) = self.bytes_of(index) else {
                return Err(Cold(vec![self.cold(index)]));
            };
            for slot in Slots::new(bytes, base).filter(|s| s.id >= self.first) {
                if slot.node_start && node_live > 0 {
                    if !more(removed, node_live, node_last) {
                        return Ok(cut);
                    }
                    removed += node_live;
                    node_live = 0;
                    cut = Some((removed, slot.id));
                }
                node_last = slot.id;
                node_live += u64::from(!slot.deleted);
            }
        }
        if node_live > 0 && more(removed, node_live, node_last) {
            cut = Some((removed + node_live, node_last.next().unwrap_or(StreamId::MAX)));
        }
        Ok(cut)
    }
}
