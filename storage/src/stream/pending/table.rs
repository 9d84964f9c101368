//! A table: rows of numbers ordered by their key, packed. Each row costs what its numbers differ from its neighbours'.
//!
//! Everything about one row takes O(log n). The last leaf is open: what comes in order is appended there without a
//! search, and a small table is nothing else. Must never know: what a number means.

use super::directory::{Directory, FEW_ROWS, Spot};
use super::leaf::{CAPACITY, Leaf, key_of};
use super::packing::Row;
use std::ops::ControlFlow;

/// Rows of `C` numbers, the first two of which are the key: high, low.
#[derive(Clone, Debug, Default)]
pub(super) struct Table<const C: usize> {
    /// All other leaves.
    sealed: Directory<C>,
    /// The leaf with the largest keys. It may be empty.
    open: Leaf<C>,
    /// Keys from here on belong into the open leaf.
    floor: u128,
    /// Keys below this belong into the first leaf.
    second: u128,
    /// No key is above this.
    top: u128,
    len: usize,
    /// Bytes behind the leaves.
    bytes: usize,
}

/// Place of a row. The open leaf's is behind the end of the sealed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    spot: Spot,
    row: usize,
}

impl<const C: usize> Table<C> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory behind it.
    pub(super) fn memory(&self) -> usize {
        self.bytes + self.sealed.memory()
    }

    #[inline]
    fn leaf(&self, spot: Spot) -> &Leaf<C> {
        self.sealed.leaf(spot).unwrap_or(&self.open)
    }

    /// Where `key` stands, or would stand.
    #[inline(always)]
    pub(super) fn find(&self, key: u128) -> Result<Place, Place> {
        if key > self.top {
            return Err(Place { spot: self.sealed.end(), row: self.open.len() });
        }
        let (spot, found) = if key >= self.floor {
            (self.sealed.end(), self.open.search(key))
        } else {
            // The oldest leaf is where most of what was delivered is acknowledged.
            let spot = if key < self.second { Spot::FIRST } else { self.sealed.find(key) };
            (spot, self.leaf(spot).search(key))
        };
        let at = |row| Place { spot, row };
        found.map(at).map_err(at)
    }

    /// The row at a place that [`Table::find`] found.
    #[inline]
    pub(super) fn row(&self, place: Place) -> Row<C> {
        self.leaf(place.spot).row(place.row)
    }

    #[inline]
    pub(super) fn get(&self, key: u128) -> Option<Row<C>> {
        self.find(key).ok().map(|place| self.row(place))
    }

    /// Changes a leaf, and keeps count of its memory.
    #[inline]
    fn change<R>(&mut self, spot: Spot, change: impl FnOnce(&mut Leaf<C>) -> R) -> R {
        let leaf = self.sealed.leaf_mut(spot).unwrap_or(&mut self.open);
        let before = leaf.allocated();
        let result = change(leaf);
        self.bytes = self.bytes.wrapping_add(leaf.allocated()).wrapping_sub(before);
        result
    }

    /// Puts a row in; there is none with its key.
    #[inline]
    pub(super) fn insert(&mut self, row: &Row<C>, marked: bool) {
        if let Err(place) = self.find(key_of(row)) {
            self.insert_at(place, row, marked);
        }
    }

    /// Puts a row at the place where its key would stand.
    #[inline]
    pub(super) fn insert_at(&mut self, place: Place, row: &Row<C>, marked: bool) {
        let place = if self.leaf(place.spot).len() < CAPACITY { place } else { self.make_room(place, key_of(row)) };
        self.len += 1;
        self.top = self.top.max(key_of(row));
        let was_marked = self.change(place.spot, |leaf| {
            leaf.insert(place.row, row);
            leaf.marked
        });
        if marked && !was_marked {
            self.mark(place.spot);
        }
    }

    /// Overwrites the row at a place; the key stays.
    #[inline]
    pub(super) fn replace(&mut self, place: Place, row: &Row<C>, marked: bool) {
        self.change(place.spot, |leaf| leaf.replace(place.row, row));
        if marked {
            self.mark(place.spot);
        }
    }

    #[inline]
    fn mark(&mut self, spot: Spot) {
        match self.sealed.leaf(spot) {
            Some(_) => self.sealed.mark(spot),
            None => self.open.marked = true,
        }
    }

    /// A leaf is full: the place for `key`, once there is room.
    fn make_room(&mut self, full: Place, key: u128) -> Place {
        self.divide(full, key);
        self.second = self.sealed.second_key().unwrap_or(self.floor);
        let (Ok(place) | Err(place)) = self.find(key);
        place
    }

    /// At the end of a leaf rows begin another one, so that leaves of what comes in order are full; elsewhere it is split.
    fn divide(&mut self, full: Place, key: u128) {
        let spot = full.spot;
        let is_open = spot == self.sealed.end();
        match (full.row == CAPACITY, is_open) {
            (true, true) => {
                let next = self.open.next();
                self.seal(next, key);
            }
            (true, false) => self.begin_after(spot, key),
            (false, true) => {
                let upper = self.split(spot);
                let floor = upper.key(0);
                self.seal(upper, floor);
            }
            (false, false) => {
                let upper = self.split(spot);
                self.sealed.insert_after(spot, upper.key(0), upper);
            }
        }
    }

    fn split(&mut self, spot: Spot) -> Leaf<C> {
        let upper = self.change(spot, Leaf::split);
        self.bytes += upper.allocated();
        upper
    }

    fn seal(&mut self, open: Leaf<C>, floor: u128) {
        let sealed = std::mem::replace(&mut self.open, open);
        self.sealed.push(std::mem::replace(&mut self.floor, floor), sealed);
    }

    /// `key` is above all rows of this full leaf, and below those of the next: it becomes the first there, or begins a
    /// leaf between them.
    fn begin_after(&mut self, spot: Spot, key: u128) {
        let next = self.sealed.after(spot);
        if self.leaf(next).len() < CAPACITY {
            if next == self.sealed.end() {
                self.floor = key;
            } else {
                self.sealed.lower(next, key);
            }
        } else {
            let empty = self.leaf(spot).next();
            self.sealed.insert_after(spot, key, empty);
        }
    }

    /// Takes a row out, if there is one.
    pub(super) fn remove(&mut self, key: u128) {
        if let Ok(place) = self.find(key) {
            self.remove_at(place);
        }
    }

    /// Takes out the row at a place that was found.
    #[inline]
    pub(super) fn remove_at(&mut self, place: Place) {
        self.len -= 1;
        let left = self.change(place.spot, |leaf| {
            leaf.remove(place.row);
            leaf.len()
        });
        if left < FEW_ROWS && place.spot != self.sealed.end() {
            let (before, after) = self.sealed.thinned(place.spot);
            self.bytes = self.bytes.wrapping_add(after).wrapping_sub(before);
            if self.sealed.is_empty() {
                self.floor = 0;
            }
            self.second = self.sealed.second_key().unwrap_or(self.floor);
        }
    }

    /// Shows the rows of marked leaves to `visit`, which may change what is behind the key, or end it. Looks at no more
    /// than so many leaves; whether no leaf is marked any more.
    pub(super) fn sweep(
        &mut self,
        leaves: usize,
        mut visit: impl FnMut(&Row<C>) -> ControlFlow<(), Option<Row<C>>>,
    ) -> bool {
        let mut from = Spot::FIRST;
        for _ in 0..leaves {
            from = self.sealed.next_marked(from).unwrap_or(self.sealed.end());
            if !self.leaf(from).marked {
                return true;
            }
            if !self.change(from, |leaf| leaf.sweep(&mut visit)) {
                return false;
            }
        }
        !self.open.marked && self.sealed.next_marked(from).is_none()
    }

    /// Marks every row.
    pub(super) fn mark_all(&mut self) {
        let mut spot = Spot::FIRST;
        while spot != self.sealed.end() {
            self.sealed.mark(spot);
            spot = self.sealed.after(spot);
        }
        self.open.marked = true;
    }

    /// Rows with a key in `start..=end`, in order.
    pub(super) fn range(&self, start: u128, end: u128) -> Range<'_, C> {
        let (Ok(front) | Err(front)) = self.find(start);
        let back = match self.find(end) {
            Ok(last) => Place { row: last.row + 1, ..last },
            Err(behind) => behind,
        };
        Range { table: self, front, back: if start <= end { back } else { front } }
    }

    /// The first row.
    pub(super) fn first(&self) -> Option<Row<C>> {
        self.range(0, u128::MAX).next()
    }

    /// The last row.
    pub(super) fn last(&self) -> Option<Row<C>> {
        self.range(0, u128::MAX).next_back()
    }
}

/// Rows of a stretch, from both ends.
#[derive(Clone, Debug)]
pub(super) struct Range<'a, const C: usize> {
    table: &'a Table<C>,
    front: Place,
    /// Behind the last one.
    back: Place,
}

impl<const C: usize> Iterator for Range<'_, C> {
    type Item = Row<C>;

    fn next(&mut self) -> Option<Row<C>> {
        while self.front < self.back {
            let leaf = self.table.leaf(self.front.spot);
            if self.front.row < leaf.len() {
                self.front.row += 1;
                return Some(leaf.row(self.front.row - 1));
            }
            self.front = Place { spot: self.table.sealed.after(self.front.spot), row: 0 };
        }
        None
    }
}

impl<const C: usize> DoubleEndedIterator for Range<'_, C> {
    fn next_back(&mut self) -> Option<Row<C>> {
        while self.front < self.back {
            if let Some(row) = self.back.row.checked_sub(1) {
                self.back.row = row;
                return Some(self.table.leaf(self.back.spot).row(row));
            }
            let spot = self.table.sealed.before(self.back.spot)?;
            self.back = Place { spot, row: self.table.leaf(spot).len() };
        }
        None
    }
}

#[cfg(test)]
impl<const C: usize> Table<C> {
    /// What it counts, and what the leaves' keys promise, is so.
    pub(super) fn assert_sound(&self) {
        let (mut spot, mut len, mut bytes) = (Spot::FIRST, self.open.len(), self.open.allocated());
        while spot != self.sealed.end() {
            let leaf = self.leaf(spot);
            (len, bytes) = (len + leaf.len(), bytes + leaf.allocated());
            assert!(leaf.len() > 0 && leaf.len() <= CAPACITY);
            assert_eq!((self.sealed.find(leaf.key(0)), self.sealed.find(leaf.key(leaf.len() - 1))), (spot, spot));
            assert!(leaf.key(leaf.len() - 1) < self.floor);
            spot = self.sealed.after(spot);
        }
        assert!(self.open.len() == 0 || self.open.key(0) >= self.floor);
        assert_eq!((self.len, self.bytes), (len, bytes));
        assert!(!self.sealed.is_empty() || self.floor == 0);
        assert_eq!(self.second, self.sealed.second_key().unwrap_or(self.floor));
        assert!(self.open.len() == 0 || self.open.key(self.open.len() - 1) <= self.top);
    }
}
