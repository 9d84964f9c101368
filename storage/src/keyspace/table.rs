//! The table of all names of a database, ordered by hash, so that SCAN can walk it with nothing but a hash as cursor.
//!
//! Open addressing with the *top* bits of the hash as home position and runs kept sorted: the whole table is then sorted
//! by hash. A cell costs 16 bytes, and every live key has one, even when the key itself is only on disk ([`COLD`]).
//! Must never know names or objects: several cells may have one hash, the caller compares.

/// In place of a slot: the key exists, but only on disk.
pub const COLD: u32 = u32::MAX - 1;
const EMPTY: u32 = u32::MAX;

/// Hashes have 63 bits, so that a cursor is a positive number for every client.
pub const HASH_BITS: u32 = 63;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    hash: u64,
    slot: u32,
}

const VACANT: Cell = Cell { hash: 0, slot: EMPTY };
/// Room behind the last home position: a run there must not wrap around, or the order would break. A longer run makes
/// more room there.
const OVERHANG: usize = 64;

/// Places that are looked at one after the other: longer runs are rare among hashes that come as they like.
const SHORT_RUN: usize = 16;

/// Bits of the smallest table.
const LEAST_BITS: u32 = 4;

/// Hash -> slot, ordered by hash.
#[derive(Clone, Debug)]
pub struct NameTable {
    cells: Vec<Cell>,
    bits: u32,
    len: usize,
}

impl Default for NameTable {
    fn default() -> Self {
        NameTable::with_bits(LEAST_BITS)
    }
}

impl NameTable {
    fn with_bits(bits: u32) -> NameTable {
        NameTable { cells: vec![VACANT; (1 << bits) + OVERHANG], bits, len: 0 }
    }

    /// Number of cells in use: keys, cold ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory.
    pub fn memory(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
    }

    #[inline]
    fn home(&self, hash: u64) -> usize {
        (hash >> (HASH_BITS - self.bits)) as usize
    }

    /// Position of the first cell in use with a hash of at least `hash`, or where its run ends. O(log n) for a run of n.
    #[inline]
    fn seek(&self, hash: u64) -> usize {
        let home = self.home(hash);
        (home..home + SHORT_RUN).find(|at| !self.is_before(*at, hash)).unwrap_or_else(|| self.seek_far(home, hash))
    }

    /// Whether the place is taken by a smaller hash. From a home on this holds up to some place and nowhere behind it.
    #[inline]
    fn is_before(&self, at: usize, hash: u64) -> bool {
        self.cells.get(at).is_some_and(|cell| cell.slot != EMPTY && cell.hash < hash)
    }

    /// Hashes that come in ascending order, as they do from a checkpoint, are one long run until the table is full: ever
    /// larger steps, then halves.
    #[cold]
    fn seek_far(&self, home: usize, hash: u64) -> usize {
        let (mut low, mut step) = (home + SHORT_RUN - 1, SHORT_RUN);
        while self.is_before(low + step, hash) {
            low += step;
            step *= 2;
        }
        let mut high = low + step;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.is_before(middle, hash) { low = middle } else { high = middle }
        }
        high
    }

    /// The slots under `hash`.
    #[inline]
    pub fn find(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        self.cells[self.seek(hash)..].iter().take_while(move |c| c.slot != EMPTY && c.hash == hash).map(|c| c.slot)
    }

    /// All (hash, slot) from `hash` on, ascending.
    pub fn from(&self, hash: u64) -> impl Iterator<Item = (u64, u32)> + '_ {
        let used = |c: &&Cell| c.slot != EMPTY;
        self.cells[self.seek(hash)..].iter().filter(used).map(|c| (c.hash, c.slot))
    }

    /// The cell in a place chosen by `draw`, unless that place is free. Draws that are spread evenly choose evenly.
    pub fn sample(&self, draw: u64) -> Option<(u64, u32)> {
        let cell = self.cells[(draw % self.cells.len() as u64) as usize];
        (cell.slot != EMPTY).then_some((cell.hash, cell.slot))
    }

    /// Adds a cell.
    pub fn insert(&mut self, hash: u64, slot: u32) {
        if self.len * 4 >= (1usize << self.bits) * 3 {
            self.resize(self.bits + 1);
        }
        self.place(hash, slot);
        self.len += 1;
    }

    /// Puts a cell in its run, moving larger hashes up.
    fn place(&mut self, hash: u64, slot: u32) {
        let at = self.seek(hash);
        let room = self.cells[at..].iter().position(|c| c.slot == EMPTY).unwrap_or_else(|| {
            self.cells.push(VACANT);
            self.cells.len() - 1 - at
        });
        self.cells.copy_within(at..at + room, at + 1);
        self.cells[at] = Cell { hash, slot };
    }

    fn resize(&mut self, bits: u32) {
        let mut other = NameTable::with_bits(bits);
        for cell in self.cells.iter().filter(|c| c.slot != EMPTY) {
            other.place(cell.hash, cell.slot);
        }
        other.len = self.len;
        *self = other;
    }

    /// Removes the cell (`hash`, `slot`); whether it was there.
    pub fn remove(&mut self, hash: u64, slot: u32) -> bool {
        let Some(mut at) = self.position(hash, slot) else { return false };
        // Cells behind that are not in their home position move down, so that no run has a hole.
        while at + 1 < self.cells.len() {
            let next = self.cells[at + 1];
            if next.slot == EMPTY || self.home(next.hash) > at {
                break;
            }
            self.cells[at] = next;
            at += 1;
        }
        self.cells[at] = VACANT;
        self.len -= 1;
        // Half of it would still be half empty: the next change of size is far away in both directions.
        if self.bits > LEAST_BITS && self.len * 8 < (1usize << self.bits) {
            self.resize(self.bits - 1);
        }
        true
    }

    /// Replaces the slot of the cell (`hash`, `old`); whether it was there.
    pub fn replace(&mut self, hash: u64, old: u32, new: u32) -> bool {
        let at = self.position(hash, old);
        if let Some(at) = at {
            self.cells[at].slot = new;
        }
        at.is_some()
    }

    fn position(&self, hash: u64, slot: u32) -> Option<usize> {
        let start = self.seek(hash);
        let run = self.cells[start..].iter().take_while(|c| c.slot != EMPTY && c.hash == hash);
        run.zip(start..).find(|(c, _)| c.slot == slot).map(|(_, at)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn behaves_like_an_ordered_set(
            steps in prop::collection::vec((any::<bool>(), 0u64..64, 0u32..3, prop::sample::select(vec![0u32, 20, 57])), 0..400)
        ) {
            let (mut table, mut model) = (NameTable::default(), BTreeSet::new());
            for (insert, hash, slot, shift) in steps {
                let hash = hash << shift;
                if insert && model.insert((hash, slot)) {
                    table.insert(hash, slot);
                } else if !insert {
                    prop_assert_eq!(table.remove(hash, slot), model.remove(&(hash, slot)));
                }
                prop_assert_eq!(table.len(), model.len());
                let found: BTreeSet<u32> = table.find(hash).collect();
                let expected: BTreeSet<u32> = model.range((hash, 0)..=(hash, EMPTY)).map(|(_, s)| *s).collect();
                prop_assert_eq!(found, expected);
            }
            for hash in [0, 1 << 20, 1 << 57, 40 << 57] {
                let hashes: Vec<u64> = table.from(hash).map(|(h, _)| h).collect();
                let expected: Vec<u64> = model.range((hash, 0)..).map(|(h, _)| *h).collect();
                prop_assert_eq!(hashes, expected);
            }
        }
    }

    /// Seconds where each step would walk over all that came before.
    #[test]
    fn ascending_hashes_cost_no_more_than_others() {
        let mut table = NameTable::default();
        let hash = |i: u64| i << (HASH_BITS - 20);
        let hashes = || (0..1 << 20).map(hash);
        hashes().enumerate().for_each(|(i, h)| {
            assert_eq!(table.find(h).next(), None);
            table.insert(h, i as u32);
        });
        assert!(table.from(0).map(|(h, _)| h).eq(hashes()));
        assert!(hashes().enumerate().all(|(i, h)| table.find(h).eq([i as u32])));
    }

    #[test]
    fn a_full_overhang_makes_room_and_not_another_table() {
        let mut table = NameTable::default();
        let hashes: Vec<u64> = (0..500).map(|i| (1 << HASH_BITS) - 1 - i).collect();
        hashes.iter().for_each(|h| table.insert(*h, 1));
        assert!(hashes.iter().all(|h| table.find(*h).eq([1])));
        assert!(table.from(0).map(|(h, _)| h).is_sorted());
        assert!(table.memory() < 2000 * size_of::<Cell>(), "{} bytes", table.memory());
        assert!(hashes.iter().all(|h| table.remove(*h, 1)));
        assert!(table.is_empty());
    }
}
