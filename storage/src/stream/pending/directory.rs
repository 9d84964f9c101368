//! The leaves of a table but for its last, found by key: blocks of leaves, so that no change has to move many.
//!
//! A leaf stands under a key that none of its rows lies below; the very first stands under zero. No leaf is empty. Must
//! never know: what is in a leaf.

use super::leaf::{CAPACITY, Leaf};
use std::collections::VecDeque;

/// Leaves of a block at most.
const LEAVES: usize = 64;
/// A block with fewer leaves is put together with its neighbour, if both together have at most [`JOINED`].
const FEW: usize = 16;
const JOINED: usize = 48;
/// The same for the rows of leaves.
pub(super) const FEW_ROWS: usize = CAPACITY / 8;
const JOINED_ROWS: usize = CAPACITY / 2;

#[derive(Clone, Debug)]
struct Block<const C: usize> {
    /// The first of `keys`: blocks are looked for by it.
    first: u128,
    keys: Vec<u128>,
    leaves: Vec<Leaf<C>>,
    /// Some of its leaves are to be swept.
    marked: bool,
}

/// Place of a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Spot {
    pub(super) block: usize,
    pub(super) leaf: usize,
}

impl Spot {
    pub(super) const FIRST: Spot = Spot { block: 0, leaf: 0 };
}

/// Leaves in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory<const C: usize> {
    blocks: VecDeque<Block<C>>,
}

impl<const C: usize> Block<C> {
    fn new(key: u128, leaf: Leaf<C>) -> Block<C> {
        Block { first: key, keys: vec![key], marked: leaf.marked, leaves: vec![leaf] }
    }

    fn split_off(&mut self, at: usize) -> Block<C> {
        let (keys, leaves) = (self.keys.split_off(at), self.leaves.split_off(at));
        Block { first: keys.first().copied().unwrap_or_default(), keys, leaves, marked: self.marked }
    }
}

impl<const C: usize> Directory<C> {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// The place behind the last leaf.
    #[inline]
    pub(super) fn end(&self) -> Spot {
        Spot { block: self.blocks.len(), leaf: 0 }
    }

    /// The leaf at a place, if there is one.
    #[inline]
    pub(super) fn leaf(&self, spot: Spot) -> Option<&Leaf<C>> {
        self.blocks.get(spot.block)?.leaves.get(spot.leaf)
    }

    #[inline]
    pub(super) fn leaf_mut(&mut self, spot: Spot) -> Option<&mut Leaf<C>> {
        self.blocks.get_mut(spot.block)?.leaves.get_mut(spot.leaf)
    }

    /// Keys below this belong into the first leaf, if there are others.
    pub(super) fn second_key(&self) -> Option<u128> {
        let first = self.blocks.front()?;
        first.keys.get(1).copied().or_else(|| self.blocks.get(1).map(|block| block.first))
    }

    /// The leaf in which `key` would be. There must be a leaf.
    #[inline]
    pub(super) fn find(&self, key: u128) -> Spot {
        let block = match self.blocks.len() {
            1 => 0,
            _ => self.blocks.partition_point(|b| b.first <= key).saturating_sub(1),
        };
        let leaf = self.blocks.get(block).map_or(0, |b| b.keys.partition_point(|first| *first <= key));
        Spot { block, leaf: leaf.saturating_sub(1) }
    }

    /// The place after this one: a leaf's, or the end.
    pub(super) fn after(&self, spot: Spot) -> Spot {
        match self.blocks.get(spot.block) {
            Some(block) if spot.leaf + 1 < block.leaves.len() => Spot { leaf: spot.leaf + 1, ..spot },
            _ => Spot { block: (spot.block + 1).min(self.blocks.len()), leaf: 0 },
        }
    }

    /// The place before this one; `None` before the first.
    pub(super) fn before(&self, spot: Spot) -> Option<Spot> {
        if spot.leaf > 0 {
            return Some(Spot { leaf: spot.leaf - 1, ..spot });
        }
        let block = spot.block.checked_sub(1)?;
        Some(Spot { block, leaf: self.blocks.get(block)?.leaves.len().checked_sub(1)? })
    }

    /// Some rows of this leaf are to be swept.
    #[inline]
    pub(super) fn mark(&mut self, spot: Spot) {
        if let Some(block) = self.blocks.get_mut(spot.block) {
            block.marked = true;
            block.leaves[spot.leaf].marked = true;
        }
    }

    /// The first marked leaf at `from` or behind it. What is found to be clean on the way is remembered to be.
    pub(super) fn next_marked(&mut self, from: Spot) -> Option<Spot> {
        let mut start = from.leaf;
        for n in from.block..self.blocks.len() {
            let block = &mut self.blocks[n];
            if block.marked {
                if let Some(leaf) = (start..block.leaves.len()).find(|leaf| block.leaves[*leaf].marked) {
                    return Some(Spot { block: n, leaf });
                }
                block.marked = start > 0 && block.leaves[..start].iter().any(|leaf| leaf.marked);
            }
            start = 0;
        }
        None
    }

    /// Adds a leaf behind all others.
    pub(super) fn push(&mut self, key: u128, leaf: Leaf<C>) {
        match self.blocks.back_mut() {
            Some(block) if block.leaves.len() < LEAVES => {
                block.marked |= leaf.marked;
                block.keys.push(key);
                block.leaves.push(leaf);
            }
            _ => self.blocks.push_back(Block::new(key, leaf)),
        }
    }

    /// Adds a leaf behind the one at `spot`.
    pub(super) fn insert_after(&mut self, spot: Spot, key: u128, leaf: Leaf<C>) {
        let Some(block) = self.blocks.get_mut(spot.block) else { return self.push(key, leaf) };
        if block.leaves.len() < LEAVES {
            block.marked |= leaf.marked;
            block.keys.insert(spot.leaf + 1, key);
            block.leaves.insert(spot.leaf + 1, leaf);
            return;
        }
        let half = LEAVES / 2;
        let upper = block.split_off(half);
        self.blocks.insert(spot.block + 1, upper);
        let spot = match spot.leaf.checked_sub(half) {
            Some(leaf) => Spot { block: spot.block + 1, leaf },
            None => spot,
        };
        self.insert_after(spot, key, leaf);
    }

    /// Puts the leaf at `spot` under a smaller key, which is above all rows before it.
    pub(super) fn lower(&mut self, spot: Spot, key: u128) {
        if let Some(block) = self.blocks.get_mut(spot.block) {
            block.keys[spot.leaf] = key;
            block.first = block.keys[0];
        }
    }

    /// A row was taken out of the leaf at `spot`: it goes if it is empty, or joins a neighbour if both are small. Bytes that
    /// are no longer used for leaves, and bytes that are used instead.
    pub(super) fn thinned(&mut self, spot: Spot) -> (usize, usize) {
        let Some(rows) = self.leaf(spot).map(Leaf::len).filter(|rows| *rows < FEW_ROWS) else { return (0, 0) };
        if rows == 0 {
            return (self.remove(spot).allocated(), 0);
        }
        let leaves = &mut self.blocks[spot.block].leaves;
        let joins = |at: usize| leaves.get(at).is_some_and(|other| other.len() + rows <= JOINED_ROWS);
        let left = match () {
            () if joins(spot.leaf + 1) => spot.leaf,
            () if spot.leaf > 0 && joins(spot.leaf - 1) => spot.leaf - 1,
            () => return (0, 0),
        };
        let right = std::mem::take(&mut leaves[left + 1]);
        let before = leaves[left].allocated() + right.allocated();
        leaves[left].absorb(&right);
        let after = leaves[left].allocated();
        self.remove(Spot { leaf: left + 1, ..spot });
        (before, after)
    }

    fn remove(&mut self, spot: Spot) -> Leaf<C> {
        let block = &mut self.blocks[spot.block];
        block.keys.remove(spot.leaf);
        let gone = block.leaves.remove(spot.leaf);
        if block.leaves.is_empty() {
            self.blocks.remove(spot.block);
            self.give_back();
        } else {
            block.first = block.keys[0];
            self.join_blocks(spot.block);
        }
        if let Some(first) = self.blocks.front_mut() {
            (first.first, first.keys[0]) = (0, 0);
        }
        gone
    }

    fn join_blocks(&mut self, at: usize) {
        let leaves = |at: usize| self.blocks.get(at).map_or(LEAVES, |block| block.leaves.len());
        let own = leaves(at);
        let left = match () {
            () if own >= FEW => return,
            () if own + leaves(at + 1) <= JOINED => at,
            () if at > 0 && own + leaves(at - 1) <= JOINED => at - 1,
            () => return,
        };
        if let Some(mut right) = self.blocks.remove(left + 1) {
            let block = &mut self.blocks[left];
            block.keys.append(&mut right.keys);
            block.leaves.append(&mut right.leaves);
            block.marked |= right.marked;
            self.give_back();
        }
    }

    /// Blocks went: so does their room, once most of it is unused.
    fn give_back(&mut self) {
        let used = self.blocks.len();
        if self.blocks.capacity() > 4 * used + 8 {
            self.blocks.shrink_to(2 * used);
        }
    }

    /// Bytes of memory, without what is behind the leaves.
    pub(super) fn memory(&self) -> usize {
        let of_block =
            |b: &Block<C>| b.keys.capacity() * size_of::<u128>() + b.leaves.capacity() * size_of::<Leaf<C>>();
        self.blocks.capacity() * size_of::<Block<C>>() + self.blocks.iter().map(of_block).sum::<usize>()
    }
}
