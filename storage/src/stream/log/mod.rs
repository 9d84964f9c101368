//! The entries of one stream: sealed chunks in a deque, the open chunk at the end.
//!
//! Owns: where an entry is, how many live ones there are, which chunks are in memory and which only on disk. A read
//! that meets a chunk that is only on disk answers [`Cold`]; the caller loads what it names and asks again.
//! Must never know: groups, the journal, where chunks are stored.
//!
//! Here: the parts and appending. `read.rs`: reading; `lookup.rs`: many single entries; `remove.rs`: deleting and trimming; `nodes.rs`: where `~` cuts;
//! `residence.rs`: what is in memory and what is on disk; `selection.rs`: long ranges.

mod finger;
mod lookup;
mod nodes;
mod read;
mod remove;
mod residence;
mod selection;
#[cfg(test)]
mod tests;

pub use nodes::{CutLimit, Incoming, NodeCut};
pub use selection::Selection;

use super::chunk::{self, CHUNK_BYTES};
use crate::id::StreamId;
use bytes::Bytes;
use finger::Fingers;
use nodes::HeadNode;
use std::cell::Cell;
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
    /// It is known that no node begins in it. Only saves reading it; never written.
    pub(crate) no_node_begins: Cell<bool>,
}

impl ChunkRef {
    pub(crate) fn new(base: StreamId, live: u32, len: u32, epoch: u32) -> ChunkRef {
        ChunkRef { base, live, len, epoch, data: None, no_node_begins: Cell::new(false) }
    }
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
    /// Its length in bytes.
    pub len: u32,
}

/// The chunks a read needs that are only on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cold(pub Vec<ColdChunk>);

impl Cold {
    /// Bytes that loading them takes.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|chunk| u64::from(chunk.len)).sum()
    }
}

/// A range of ids, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdRange {
    /// First id wanted.
    pub start: StreamId,
    /// Last id wanted.
    pub end: StreamId,
}

impl IdRange {
    /// Everything.
    pub const ALL: IdRange = IdRange { start: StreamId::MIN, end: StreamId::MAX };

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
    /// Where the last walks were. Only saves time; never written.
    fingers: Fingers,
    /// The node at the front, once somebody looked. Only saves time; never written.
    head_node: Cell<Option<HeadNode>>,
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

/// An open chunk is sealed by a checkpoint from so many bytes on.
const EARLY_BYTES: usize = CHUNK_BYTES / 8;

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
            // The next chunk will grow to the same size: allocate it once.
            self.open.bytes = Vec::with_capacity(CHUNK_BYTES);
        } else if full {
            // Nothing in it is needed any more.
            self.open.bytes.clear();
            self.fingers.forget();
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

    /// Whether an entry of `len` packed bytes would begin a node.
    pub fn begins_node(&self, len: usize, limits: NodeLimits) -> bool {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        self.node.entries == 0
            || (limits.entries > 0 && self.node.entries >= limits.entries)
            || (limits.bytes > 0 && self.node.bytes.saturating_add(len) >= limits.bytes)
    }

    fn next_node(&mut self, len: usize, limits: NodeLimits) -> bool {
        let begins = self.begins_node(len, limits);
        if begins {
            self.node = NodeFill::default();
        }
        self.node.entries += 1;
        self.node.bytes = self.node.bytes.saturating_add(u32::try_from(len).unwrap_or(u32::MAX));
        begins
    }

    fn seal(&mut self) {
        let open = std::mem::take(&mut self.open);
        let (len, ordinal) = (open.bytes.len(), self.first_ordinal + self.sealed.len() as u64);
        self.dirty_pages.insert(ordinal / PAGE);
        let mut chunk = ChunkRef::new(open.base, open.live, len as u32, 0);
        if open.live > 0 {
            self.unsettled.insert(ordinal);
            self.resident_bytes += len;
            chunk.data = Some(Arc::new(open.bytes.into_boxed_slice().into()));
        }
        self.sealed.push_back(chunk);
    }

    /// Seals the open chunk before it is full, if it is worth a chunk: a checkpoint writes the open one each time as long
    /// as it is open, and a stream that grows slowly would be written many times over. The bytes that are sealed now.
    pub(crate) fn seal_early(&mut self) -> Option<usize> {
        let len = self.open.bytes.len();
        if len < EARLY_BYTES || self.open.live == 0 {
            return None;
        }
        self.seal();
        Some(len)
    }

    /// Index into `sealed` of the chunk that may hold `id`; `sealed.len()` means the open chunk.
    fn chunk_of(&self, id: StreamId) -> usize {
        if !self.open.bytes.is_empty() && id >= self.open.base {
            return self.sealed.len();
        }
        self.sealed.partition_point(|c| c.base <= id).saturating_sub(1)
    }

    fn base_of(&self, index: usize) -> Option<StreamId> {
        match self.sealed.get(index) {
            Some(c) => Some(c.base),
            None => (!self.open.bytes.is_empty()).then_some(self.open.base),
        }
    }

    /// The bytes and base of chunk `index`, or `None` when it is only on disk.
    fn bytes_of(&self, index: usize) -> Option<(&[u8], StreamId)> {
        match self.sealed.get(index) {
            Some(c) => c.data.as_ref().map(|d| (&d[..], c.base)),
            None => Some((&self.open.bytes, self.open.base)),
        }
    }

    /// Whether chunk `index` has nothing to read, in memory or elsewhere.
    fn is_dead(&self, index: usize) -> bool {
        self.sealed.get(index).is_some_and(|c| c.live == 0)
    }

    fn cold(&self, index: usize) -> ColdChunk {
        let c = &self.sealed[index];
        ColdChunk { ordinal: self.first_ordinal + index as u64, epoch: c.epoch, base: c.base, live: c.live, len: c.len }
    }
}
