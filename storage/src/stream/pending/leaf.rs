//! A leaf: neighbouring rows of a table in one piece of memory, ordered by key.
//!
//! The first two numbers of a row are its key. Rows are dense; there may be room before them, where rows were removed, and
//! behind them. Must never know: other leaves, what a number means.

use super::packing::{BEHIND, Packing, Row, load};
use std::ops::ControlFlow;

/// Rows of a leaf at most.
pub(super) const CAPACITY: usize = 128;
/// Rows for which there is room at least.
const LEAST: usize = 8;
/// A leaf without rows keeps no more memory than this, in bytes.
const IDLE: usize = 256;

/// The key of a row.
#[inline]
pub(super) fn key_of<const C: usize>(row: &Row<C>) -> u128 {
    join(row[0], row[1])
}

#[inline]
fn join(high: u64, low: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// Up to [`CAPACITY`] rows.
#[derive(Clone, Debug)]
pub(super) struct Leaf<const C: usize> {
    packing: Packing<C>,
    /// Rows that were removed at the front: their room is still there.
    head: u16,
    len: u16,
    /// Some of its rows are to be swept.
    pub(super) marked: bool,
    bytes: Box<[u8]>,
}

impl<const C: usize> Default for Leaf<C> {
    fn default() -> Leaf<C> {
        Leaf { packing: Packing::starting(&[0; C], [0; C]), head: 0, len: 0, marked: false, bytes: Box::default() }
    }
}

impl<const C: usize> Leaf<C> {
    /// An empty leaf for what comes after this one.
    pub(super) fn next(&self) -> Leaf<C> {
        let widths = match self.len() {
            0 => [0; C],
            len => self.packing.widths_between(&self.row(0), &self.row(len - 1)),
        };
        Leaf { packing: Packing::starting(&[0; C], widths), ..Leaf::default() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Bytes of memory behind it.
    #[inline]
    pub(super) fn allocated(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    fn start(&self, at: usize) -> usize {
        (usize::from(self.head).wrapping_add(at)).wrapping_mul(self.packing.row_bytes())
    }

    /// The row at a place that there is.
    #[inline]
    pub(super) fn row(&self, at: usize) -> Row<C> {
        self.packing.row(&self.bytes, self.start(at))
    }

    #[inline]
    pub(super) fn key(&self, at: usize) -> u128 {
        let start = self.start(at);
        join(self.packing.number(&self.bytes, start, 0), self.packing.number(&self.bytes, start, 1))
    }

    fn rows(&self) -> impl Iterator<Item = Row<C>> + Clone {
        (0..self.len()).map(|at| self.row(at))
    }

    /// Where `key` stands, or would stand.
    #[inline]
    pub(super) fn search(&self, key: u128) -> Result<usize, usize> {
        if !self.packing.is_narrow() {
            return self.search_wide(key);
        }
        let Some(needle) = self.packing.needle(key) else { return Err(self.len()) };
        let (mask, row, mut left) = (self.packing.key_mask(), self.packing.row_bytes(), self.len());
        let (mut at, mut place): (usize, usize) = (0, self.start(0));
        // Many calls are about the first row.
        if left == 0 || load(&self.bytes, place) & mask >= needle.least {
            let is_it = left > 0 && needle.may_be && load(&self.bytes, place) & mask == needle.least;
            return if is_it { Ok(0) } else { Err(0) };
        }
        // The row `at` is always below, the one `left` behind it never.
        while left > 1 {
            let half = left >> 1;
            let probe = place.wrapping_add(half.wrapping_mul(row));
            let below = load(&self.bytes, probe) & mask < needle.least;
            (at, place) = if below { (half.wrapping_add(at), probe) } else { (at, place) };
            left = left.wrapping_sub(half);
        }
        (at, place) = (at.wrapping_add(1), place.wrapping_add(row));
        let is_it = needle.may_be && at < self.len() && load(&self.bytes, place) & mask == needle.least;
        if is_it { Ok(at) } else { Err(at) }
    }

    /// The same where keys are too wide to be read as one number.
    fn search_wide(&self, key: u128) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        if high == 0 || self.key(high - 1) < key {
            return Err(high);
        }
        let mut at = 0;
        while low < high {
            let found = self.key(at);
            match () {
                () if found == key => return Ok(at),
                () if found < key => low = at + 1,
                () => high = at,
            }
            at = (low + high) / 2;
        }
        Err(low)
    }

    /// Puts a row at its place; there must be fewer than [`CAPACITY`].
    #[inline]
    pub(super) fn insert(&mut self, at: usize, row: &Row<C>) {
        if self.len == 0 {
            self.begin(row);
        } else if !self.packing.fits(row) {
            self.widen(row);
        }
        let (len, at_front) = (self.len(), at * 2 < self.len() && self.head > 0);
        if at_front {
            self.head -= 1;
            let (from, to, width) = (self.start(1), self.start(at + 1), self.packing.row_bytes());
            self.bytes.copy_within(from..to, from - width);
        } else {
            if self.start(len + 1) + BEHIND > self.bytes.len() {
                self.make_room();
            }
            if at < len {
                let (from, to) = (self.start(at), self.start(len));
                self.bytes.copy_within(from..to, from + self.packing.row_bytes());
            }
        }
        self.len += 1;
        let start = self.start(at);
        self.packing.write(&mut self.bytes, start, row);
    }

    /// Overwrites a row; its key stays.
    #[inline]
    pub(super) fn replace(&mut self, at: usize, row: &Row<C>) {
        if !self.packing.fits(row) {
            self.widen(row);
        }
        let start = self.start(at);
        self.packing.write(&mut self.bytes, start, row);
    }

    /// Takes a row out.
    #[inline]
    pub(super) fn remove(&mut self, at: usize) {
        let len = self.len();
        if at * 2 < len {
            let (from, to) = (self.start(0), self.start(at));
            if from < to {
                self.bytes.copy_within(from..to, from + self.packing.row_bytes());
            }
            self.head += 1;
        } else {
            let (from, to) = (self.start(at + 1), self.start(len));
            if from < to {
                self.bytes.copy_within(from..to, from - self.packing.row_bytes());
            }
        }
        self.len -= 1;
        if self.len == 0 {
            self.head = 0;
            if self.bytes.len() > IDLE {
                self.bytes = Box::default();
            }
        }
    }

    /// Shows all rows to `visit`, which may change what is behind the key, or end it: whether it saw all.
    pub(super) fn sweep(&mut self, visit: &mut impl FnMut(&Row<C>) -> ControlFlow<(), Option<Row<C>>>) -> bool {
        for at in 0..self.len() {
            match visit(&self.row(at)) {
                ControlFlow::Break(()) => return false,
                ControlFlow::Continue(None) => {}
                ControlFlow::Continue(Some(row)) => self.replace(at, &row),
            }
        }
        self.marked = false;
        true
    }

    /// The first row: the packing begins with it, as wide as it was.
    fn begin(&mut self, row: &Row<C>) {
        if !self.packing.fits(row) {
            self.packing = Packing::starting(row, self.packing.widths_between(&[0; C], &[0xffff; C]));
        }
    }

    fn widen(&mut self, row: &Row<C>) {
        let packing = self.packing.widened(row, self.rows());
        let room = (self.len() + 1).next_power_of_two().clamp(LEAST, CAPACITY);
        *self = Leaf::packed(packing, self.rows(), room, self.marked);
    }

    fn packed(packing: Packing<C>, rows: impl Iterator<Item = Row<C>>, room: usize, marked: bool) -> Leaf<C> {
        let mut bytes = vec![0; room * packing.row_bytes() + BEHIND].into_boxed_slice();
        let mut len = 0;
        for row in rows {
            packing.write(&mut bytes, usize::from(len) * packing.row_bytes(), &row);
            len += 1;
        }
        Leaf { packing, head: 0, len, marked, bytes }
    }

    /// Makes room behind the last row: before the first one, if there is enough, or more of it.
    fn make_room(&mut self) {
        let (from, to, row) = (self.start(0), self.start(self.len()), self.packing.row_bytes());
        let doubled = (self.len() + 1).next_power_of_two().clamp(LEAST, CAPACITY) * row + BEHIND;
        if self.head > 0 && self.bytes.len() >= doubled {
            self.bytes.copy_within(from..to, 0);
        } else {
            let mut bytes = vec![0; doubled].into_boxed_slice();
            bytes[..to - from].copy_from_slice(&self.bytes[from..to]);
            self.bytes = bytes;
        }
        self.head = 0;
    }

    /// Splits a full leaf: the upper half.
    pub(super) fn split(&mut self) -> Leaf<C> {
        let half = self.len() / 2;
        let upper = self.rows().skip(half);
        let upper = Leaf::packed(self.packing.narrowest(upper.clone()), upper, CAPACITY, self.marked);
        let lower = self.rows().take(half);
        *self = Leaf::packed(self.packing.narrowest(lower.clone()), lower, CAPACITY, self.marked);
        upper
    }

    /// Takes up the rows of the leaf behind it; all of them must find room.
    pub(super) fn absorb(&mut self, behind: &Leaf<C>) {
        let rows = self.rows().chain(behind.rows());
        let room = (self.len() + behind.len()).next_power_of_two().clamp(LEAST, CAPACITY);
        *self = Leaf::packed(self.packing.narrowest(rows.clone()), rows, room, self.marked || behind.marked);
    }
}
