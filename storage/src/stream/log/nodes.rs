//! Nodes: the grain of `~` trimming, and where it may cut.
//!
//! A node is up to `stream-node-max-entries` entries or `stream-node-max-bytes` bytes; where one begins is marked in
//! the chunk. The one surprising rule: the first node is remembered once it is complete, because `XADD MAXLEN ~` asks
//! about it with every entry and nearly always leaves it alone.

use super::{Cold, Log};
use crate::id::StreamId;
use std::ops::ControlFlow;

/// An entry that is about to be appended: trimming is planned as if it were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Its id.
    pub id: StreamId,
    /// Whether it will begin a node.
    pub begins_node: bool,
}

/// What is known of a complete node at the front. Holds as long as `first` is the log's first entry.
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
}

impl Log {
    /// Visits nodes from the front, with the ids of their live entries and the last id in each, until `visit` breaks.
    pub fn walk_nodes(
        &self,
        incoming: Option<Incoming>,
        mut visit: impl FnMut(&[StreamId], StreamId) -> ControlFlow<()>,
    ) -> Result<(), Cold> {
        let mut node = Node::default();
        let mut at_head = true;
        for index in (0..=self.sealed.len()).filter(|i| self.length > 0 && !self.is_dead(*i)) {
            let Some((bytes, base)) = self.bytes_of(index) else {
                return Err(Cold(vec![self.cold(index)]));
            };
            let (slots, _) = self.fingers.walk(bytes, base, self.first);
            for slot in slots.filter(|s| s.id >= self.first) {
                if slot.node_start && !node.live.is_empty() {
                    if std::mem::take(&mut at_head) {
                        let live = node.live.len() as u64;
                        self.head_node.set(Some(HeadNode { first: self.first, live, last: node.last }));
                    }
                    if visit(&node.live, node.last).is_break() {
                        return Ok(());
                    }
                    node.live.clear();
                }
                node.last = slot.id;
                if !slot.deleted {
                    node.live.push(slot.id);
                }
            }
        }
        finish(node, incoming, visit);
        Ok(())
    }

    /// Where `~` may cut: takes nodes from the front while `more(live so far, next node's live entries, next node's last
    /// id)` agrees. Returns entries to remove and the last id that goes.
    pub fn node_cut(
        &self,
        incoming: Option<Incoming>,
        mut more: impl FnMut(u64, u64, StreamId) -> bool,
    ) -> Result<Option<(u64, StreamId)>, Cold> {
        let known = self.head_node.get().filter(|n| n.first == self.first && self.length > 0);
        if known.is_some_and(|node| !more(0, node.live, node.last)) {
            return Ok(None);
        }
        let mut cut = None;
        self.walk_nodes(incoming, |live, last| {
            let gone = cut.map_or(0, |(gone, _)| gone);
            if !more(gone, live.len() as u64, last) {
                return ControlFlow::Break(());
            }
            // Not the last id of all: what was deleted at the end of a chunk may be above what came later.
            cut = live.last().map(|last| (gone + live.len() as u64, *last));
            ControlFlow::Continue(())
        })?;
        Ok(cut)
    }

    /// Forgets the first node if `id` is in it.
    pub(super) fn forget_head_node(&self, id: StreamId) {
        if self.head_node.get().is_some_and(|node| id <= node.last) {
            self.head_node.set(None);
        }
    }
}

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
