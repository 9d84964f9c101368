//! Nodes: the grain of `~` trimming, and where it may cut.
//!
//! A node is up to `stream-node-max-entries` entries or `stream-node-max-bytes` bytes; where one begins is marked in
//! the chunk. The last place where a cut is allowed is looked for from behind: the index says in which chunk it can
//! be at the latest, so chunks that go as a whole are never read. The one surprising rule: what was learned about the
//! first node is remembered, because `XADD MAXLEN ~` asks about it with every entry and nearly always leaves it alone.

use super::{Cold, Log};
use crate::id::StreamId;
use crate::stream::chunk::Slots;
use std::ops::ControlFlow;

/// An entry that is about to be appended: trimming is planned as if it were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its id.
    pub id: StreamId,
    /// Whether it will begin a node.
    pub begins_node: bool,
}

/// What a cut may take at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CutLimit {
    /// Entries.
    pub entries: u64,
    /// The last id of every node that goes is below this one.
    pub below: Option<StreamId>,
}

impl CutLimit {
    /// Whether so many live entries may go, with everything through the id `last`.
    pub fn allows(&self, gone: u64, last: StreamId) -> bool {
        gone <= self.entries && self.below.is_none_or(|below| last < below)
    }
}

/// A cut between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeCut {
    /// Live entries before it.
    pub removed: u64,
    /// Every entry that stays has at least this id.
    pub kept_from: StreamId,
}

/// The least that any cut takes: so many live entries, and everything through the id `last`. Holds as long as `first`
/// is the log's first entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadNode {
    first: StreamId,
    live: u64,
    last: StreamId,
}

/// The node that a walk is in.
#[derive(Debug, Default)]
struct Node {
    live: Vec<StreamId>,
    last: StreamId,
    /// Where it began.
    start: Option<StreamId>,
}

impl Log {
    /// The furthest place between two nodes where a cut from the front may end. Needs the chunk of that place, and for
    /// a limit by id perhaps the one before it.
    pub fn node_cut(&self, incoming: Option<Incoming>, limit: CutLimit) -> Result<Option<NodeCut>, Cold> {
        let known = self.head_node.get().filter(|n| n.first == self.first && self.length > 0);
        if known.is_some_and(|node| !limit.allows(node.live, node.last)) {
            return Ok(None);
        }
        let cut = self.cut_at_end(incoming, limit)?;
        if cut.is_some() || self.length == 0 {
            return Ok(cut);
        }
        let (mut index, mut before) = self.latest_cut_chunk(limit);
        loop {
            let hopeless = self.is_dead(index) || self.sealed.get(index).is_some_and(|c| c.no_node_begins.get());
            let cut = if hopeless { None } else { self.last_cut_in(index, before, limit)? };
            if cut.is_some() || before == 0 || index == 0 {
                return Ok(cut);
            }
            index -= 1;
            before -= u64::from(self.sealed[index].live);
        }
    }

    /// A cut behind the last entry, or between it and the one that comes.
    fn cut_at_end(&self, incoming: Option<Incoming>, limit: CutLimit) -> Result<Option<NodeCut>, Cold> {
        if let Some(new) = incoming {
            if limit.allows(self.length + 1, new.id) {
                return Ok(Some(NodeCut { removed: self.length + 1, kept_from: StreamId::MAX }));
            }
            if !new.begins_node {
                return Ok(None);
            }
        }
        if self.length == 0 || self.length > limit.entries {
            return Ok(None);
        }
        let last = if limit.below.is_some() { self.last_place_before(self.sealed.len() + 1)? } else { StreamId::MIN };
        let kept_from = incoming.map_or(StreamId::MAX, |new| new.id);
        Ok(limit.allows(self.length, last).then_some(NodeCut { removed: self.length, kept_from }))
    }

    /// The last chunk in which an allowed cut can be, and the live entries before it.
    fn latest_cut_chunk(&self, limit: CutLimit) -> (usize, u64) {
        let (mut index, mut before) = (0, 0);
        for c in &self.sealed {
            let live = u64::from(c.live);
            let beyond = limit.below.is_some_and(|below| c.base >= below);
            if live > 0 && (beyond || before + live > limit.entries) {
                break;
            }
            before += live;
            index += 1;
        }
        (index, before)
    }

    /// The last allowed cut in chunk `index`, which `before` live entries precede.
    fn last_cut_in(&self, index: usize, before: u64, limit: CutLimit) -> Result<Option<NodeCut>, Cold> {
        let Some((bytes, base)) = self.bytes_of(index) else {
            return Err(Cold(vec![self.cold(index)]));
        };
        let (mut gone, mut last, mut cut, mut begun) = (before, None, None, false);
        // Not the place of the cut: what was deleted there may be above what came later.
        let mut kept_from = base;
        let (slots, _) = self.fingers.walk(bytes, base, self.first);
        for slot in slots.filter(|s| s.id >= self.first) {
            if slot.node_start && gone > 0 {
                let last = match (last, limit.below) {
                    (Some(last), _) => last,
                    (None, Some(below)) if slot.id > below => self.last_place_before(index)?,
                    // All entries of chunks before are below this one.
                    (None, _) => StreamId::MIN,
                };
                if before == 0 && !begun {
                    self.head_node.set(Some(HeadNode { first: self.first, live: gone, last }));
                }
                begun = true;
                if !limit.allows(gone, last) {
                    break;
                }
                cut = Some(NodeCut { removed: gone, kept_from });
            }
            last = Some(slot.id);
            if !slot.deleted {
                gone += 1;
                kept_from = slot.id.next().unwrap_or(StreamId::MAX);
            }
        }
        if !begun {
            self.note_no_cut(index, before, gone, last);
        }
        Ok(cut)
    }

    /// Notes that no cut can be in chunk `index`, so that the next search need not read it.
    fn note_no_cut(&self, index: usize, before: u64, through: u64, last: Option<StreamId>) {
        if before > 0 {
            if let Some(c) = self.sealed.get(index) {
                c.no_node_begins.set(true);
            }
        } else if let Some(last) = last.filter(|_| through > 0) {
            self.head_node.set(Some(HeadNode { first: self.first, live: through, last }));
        }
    }

    /// The last id before chunk `index` that has a place in a chunk, deleted or not.
    fn last_place_before(&self, index: usize) -> Result<StreamId, Cold> {
        for i in (0..index).rev().filter(|i| !self.is_dead(*i)) {
            let Some((bytes, base)) = self.bytes_of(i) else {
                return Err(Cold(vec![self.cold(i)]));
            };
            if let Some(last) = Slots::new(bytes, base).last() {
                return Ok(last.id);
            }
        }
        Ok(StreamId::MIN)
    }

    /// Visits nodes from `from` on, with the ids of their live entries and the last id in each, until `visit` breaks.
    /// Ends between two nodes once about `bytes` bytes of chunks were looked at, and then answers where to go on: what
    /// has to be in memory at one time is bounded. Only nodes much larger than that are visited in parts.
    pub fn walk_nodes(
        &self,
        from: StreamId,
        bytes: u64,
        incoming: Option<Incoming>,
        mut visit: impl FnMut(&[StreamId], StreamId) -> ControlFlow<()>,
    ) -> Result<Option<StreamId>, Cold> {
        let start = from.max(self.first);
        let (mut node, mut looked, mut visited) = (Node::default(), 0, false);
        let indexes = if self.length > 0 { self.chunk_of(start)..self.sealed.len() + 1 } else { 0..0 };
        for index in indexes.filter(|i| !self.is_dead(*i)) {
            if looked >= bytes && visited {
                return Ok(node.start.or(self.base_of(index)));
            }
            if looked >= bytes.saturating_mul(LARGEST_NODE) {
                let more = visit(&node.live, node.last).is_continue();
                return Ok(self.base_of(index).filter(|_| more));
            }
            let Some((chunk, base)) = self.bytes_of(index) else {
                return Err(self.cold_stretch(index, bytes.saturating_sub(looked)));
            };
            let (slots, _) = self.fingers.walk(chunk, base, start);
            for slot in slots.filter(|s| s.id >= start) {
                if slot.node_start && !node.live.is_empty() {
                    if visit(&node.live, node.last).is_break() {
                        return Ok(None);
                    }
                    visited = true;
                    node.live.clear();
                    node.start = None;
                }
                node.start.get_or_insert(slot.id);
                node.last = slot.id;
                if !slot.deleted {
                    node.live.push(slot.id);
                }
            }
            looked += chunk.len() as u64;
        }
        finish(node, incoming, visit);
        Ok(None)
    }

    /// Forgets the first node if `id` is in it.
    pub(super) fn forget_head_node(&self, id: StreamId) {
        if self.head_node.get().is_some_and(|node| id <= node.last) {
            self.head_node.set(None);
        }
    }
}

/// Nodes larger than so many times the bytes of one walk are visited in parts.
const LARGEST_NODE: u64 = 4;

/// The end of a walk: the last node, with the entry that is about to come.
fn finish(mut node: Node, incoming: Option<Incoming>, mut visit: impl FnMut(&[StreamId], StreamId) -> ControlFlow<()>) {
    if let Some(new) = incoming {
        if new.begins_node && !node.live.is_empty() {
            if visit(&node.live, node.last).is_break() {
                return;
            }
            node.live.clear();
        }
        node.live.push(new.id);
        node.last = new.id;
    }
    if !node.live.is_empty() {
        let _ = visit(&node.live, node.last);
    }
}
