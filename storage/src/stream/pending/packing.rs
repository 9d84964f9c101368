//! How the numbers of a row become bytes: each as its distance from a base, in as many bytes as the distances need.
//!
//! The first two numbers are the key, high and low. The low one stands before the high one, so that both together read as
//! one number, which sorts as keys do. Must never know: the order of rows, what a number means. Whoever writes has asked
//! first whether the row fits.

/// `C` numbers.
pub(super) type Row<const C: usize> = [u64; C];

/// Bytes that have to follow the last row: numbers are read and written eight bytes at a time.
pub(super) const BEHIND: usize = 8;

/// What remains of eight bytes of which so many are the number's. (Sixteen, so that no index has to be checked.)
const MASKS: [u64; 16] = {
    let mut masks = [u64::MAX; 16];
    let mut width = 0;
    while width < 8 {
        masks[width] = (1 << (8 * width)) - 1;
        width += 1;
    }
    masks
};

fn mask(width: u8) -> u64 {
    MASKS[usize::from(width & 15)]
}

/// Bytes that `number` needs: none for zero.
fn bytes_of(number: u64) -> u8 {
    (u64::BITS - number.leading_zeros()).div_ceil(8) as u8
}

/// Where each number of a row stands, and from where it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packing<const C: usize> {
    base: Row<C>,
    width: [u8; C],
    at: [u8; C],
    row: u8,
}

impl<const C: usize> Packing<C> {
    /// One for `row`, and for neighbours whose numbers need about so many bytes.
    pub(super) fn starting(row: &Row<C>, width: [u8; C]) -> Packing<C> {
        let mut new = Packing { base: *row, width, at: [0; C], row: 0 };
        for (c, number) in row.iter().enumerate() {
            // Counting from zero, where that is no wider, spares a packing that has to begin lower.
            if bytes_of(*number) <= width[c] {
                new.base[c] = 0;
            }
        }
        new.arrange();
        new
    }

    fn arrange(&mut self) {
        self.row = 0;
        for c in Self::places() {
            self.at[c] = self.row;
            self.row += self.width[c];
        }
    }

    /// The numbers in the order in which they stand.
    #[inline]
    fn places() -> impl Iterator<Item = usize> {
        (0..C).map(|c| if c < 2 && C > 1 { 1 - c } else { c })
    }

    /// Bytes of a row.
    #[inline]
    pub(super) fn row_bytes(&self) -> usize {
        usize::from(self.row)
    }

    /// The same for neighbours of `first` and `last`, as far as these two tell.
    pub(super) fn widths_between(&self, first: &Row<C>, last: &Row<C>) -> [u8; C] {
        std::array::from_fn(|c| bytes_of(first[c].abs_diff(last[c])).max(1).min(self.width[c]))
    }

    #[inline]
    fn fits_at(&self, c: usize, number: u64) -> bool {
        number.wrapping_sub(self.base[c]) <= mask(self.width[c])
    }

    /// Whether `row` can be written.
    #[inline]
    pub(super) fn fits(&self, row: &Row<C>) -> bool {
        (0..C).all(|c| self.fits_at(c, row[c]))
    }

    /// One in which `row` fits as well as `rows` do, which are packed with this one.
    pub(super) fn widened(&self, row: &Row<C>, rows: impl Iterator<Item = Row<C>> + Clone) -> Packing<C> {
        let mut new = *self;
        for c in (0..C).filter(|c| !self.fits_at(*c, row[*c])) {
            let all = rows.clone().map(|r| r[c]).chain([row[c]]);
            let (least, most) = all.fold((u64::MAX, 0), |(least, most), n| (least.min(n), most.max(n)));
            new.spread(c, least, most, row[c] < self.base[c]);
        }
        new.arrange();
        new
    }

    /// The narrowest for `rows`.
    pub(super) fn narrowest(mut self, rows: impl Iterator<Item = Row<C>>) -> Packing<C> {
        let ranges = rows.fold([(u64::MAX, 0); C], |ranges: [(u64, u64); C], row| {
            std::array::from_fn(|c| (ranges[c].0.min(row[c]), ranges[c].1.max(row[c])))
        });
        for (c, (least, most)) in ranges.into_iter().enumerate() {
            self.spread(c, least, most, false);
        }
        self.arrange();
        self
    }

    /// Room that a width leaves lies above, or below if the numbers grow `downwards`.
    fn spread(&mut self, c: usize, least: u64, most: u64, downwards: bool) {
        let width = bytes_of(most.wrapping_sub(least));
        self.width[c] = width;
        self.base[c] = match () {
            () if bytes_of(most) <= width => 0,
            () if downwards => most.saturating_sub(mask(width)),
            () => least,
        };
    }

    /// The number `c` of the row that begins at `start`.
    #[inline]
    pub(super) fn number(&self, bytes: &[u8], start: usize, c: usize) -> u64 {
        self.base[c].wrapping_add(load(bytes, start.wrapping_add(usize::from(self.at[c]))) & mask(self.width[c]))
    }

    /// The row that begins at `start`.
    #[inline]
    pub(super) fn row(&self, bytes: &[u8], start: usize) -> Row<C> {
        let mut row = [0; C];
        if self.row <= 8 {
            // As nearly always: one read for all of them.
            let all = load(bytes, start);
            for (c, number) in row.iter_mut().enumerate() {
                let distance = all.wrapping_shr(8 * u32::from(self.at[c])) & mask(self.width[c]);
                *number = self.base[c].wrapping_add(distance);
            }
        } else {
            for (c, number) in row.iter_mut().enumerate() {
                *number = self.number(bytes, start, c);
            }
        }
        row
    }

    /// Writes a row that fits.
    #[inline]
    pub(super) fn write(&self, bytes: &mut [u8], start: usize, row: &Row<C>) {
        if self.row <= 8 {
            let mut all = load(bytes, start) & !mask(self.row);
            for (c, number) in row.iter().enumerate() {
                all |= number.wrapping_sub(self.base[c]).wrapping_shl(8 * u32::from(self.at[c]));
            }
            return store(bytes, start, all);
        }
        // Each number writes zeros over what comes after it: first over its neighbours, which follow, at last over the
        // next row, which is put back.
        let end = start.wrapping_add(self.row_bytes());
        let next = load(bytes, end);
        for c in Self::places() {
            store(bytes, start.wrapping_add(usize::from(self.at[c])), row[c].wrapping_sub(self.base[c]));
        }
        store(bytes, end, next);
    }
}

/// Where a key stands among keys that are packed: all before are below `least`, and it is that one if it `may_be`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needle {
    pub(super) least: u64,
    pub(super) may_be: bool,
}

impl<const C: usize> Packing<C> {
    /// Whether keys are read as one number.
    #[inline]
    pub(super) fn is_narrow(&self) -> bool {
        self.width[0] + self.width[1] <= 8
    }

    /// What is left of eight bytes of a row whose keys are read as one number.
    #[inline]
    pub(super) fn key_mask(&self) -> u64 {
        mask(self.width[0] + self.width[1])
    }

    /// What to look for, for a key; `None` if it is above all that can be here.
    #[inline]
    pub(super) fn needle(&self, key: u128) -> Option<Needle> {
        let (high, low) = ((key >> 64) as u64, key as u64);
        if high < self.base[0] {
            return Some(Needle { least: 0, may_be: false });
        }
        let (high, low_mask) = (high - self.base[0], mask(self.width[1]));
        if high > mask(self.width[0]) {
            return None;
        }
        let high = high.checked_shl(8 * u32::from(self.width[1])).unwrap_or(0);
        match low.checked_sub(self.base[1]) {
            None => Some(Needle { least: high, may_be: false }),
            Some(low) if low <= low_mask => Some(Needle { least: high | low, may_be: true }),
            Some(_) => Some(Needle { least: (high | low_mask).checked_add(1)?, may_be: false }),
        }
    }
}

/// Eight bytes; there are [`BEHIND`] behind every row.
#[inline]
pub(super) fn load(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..][..8]);
    u64::from_le_bytes(eight)
}

#[inline]
fn store(bytes: &mut [u8], at: usize, number: u64) {
    bytes[at..][..8].copy_from_slice(&number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_width_come_back_and_leave_their_neighbours_alone() {
        let rows = [[7, 0, u64::MAX], [300, 1 << 40, u64::MAX - 1], [0, 3, 255], [9, 5, 256]];
        let packing = Packing::starting(&rows[0], [0; 3]).narrowest(rows.into_iter());
        assert_eq!(packing.row_bytes(), 2 + 6 + 8);
        let mut bytes = vec![0; rows.len() * packing.row_bytes() + BEHIND];
        for n in [2, 0, 3, 1] {
            assert!(packing.fits(&rows[n]));
            packing.write(&mut bytes, n * packing.row_bytes(), &rows[n]);
        }
        for (n, row) in rows.iter().enumerate() {
            assert_eq!(packing.row(&bytes, n * packing.row_bytes()), *row);
        }
    }

    #[test]
    fn what_grows_downwards_gets_room_below() {
        let first = [1_000_000, 0];
        let packing = Packing::starting(&first, [0; 2]);
        assert!(!packing.fits(&[999_999, 0]));
        let wider = packing.widened(&[999_999, 0], [first].into_iter());
        assert_eq!((wider.row_bytes(), wider.fits(&[999_745, 0]), wider.fits(&[1_000_001, 0])), (1, true, false));
        let wider = packing.widened(&[1_000_255, 0], [first].into_iter());
        assert_eq!((wider.row_bytes(), wider.fits(&[1_000_255, 0]), wider.fits(&[999_999, 0])), (1, true, false));
    }

    #[test]
    fn a_key_outside_of_what_is_packed_lies_before_or_behind_it() {
        let rows = [[10, 300], [10, 400], [20, 310]];
        let packing =
            Packing::starting(&rows[0], [0; 2]).widened(&rows[2], rows.into_iter()).widened(&rows[1], rows.into_iter());
        let key = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
        let needle = |high, low| packing.needle(key(high, low)).map(|n| (n.least, n.may_be));
        let (base, width) = (packing.base, 8 * u32::from(packing.width[1]));
        assert_eq!(base, [0, 300]);
        assert_eq!(needle(10, 400), Some(((10 << width) + 100, true)));
        assert_eq!(needle(10, 299), Some((10 << width, false)));
        assert_eq!(needle(10, u64::MAX), Some((11 << width, false)));
        assert_eq!((needle(255, u64::MAX), needle(256, 0)), (Some((256 << width, false)), None));
    }
}
