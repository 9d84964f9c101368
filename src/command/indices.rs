//! Indices that count from the front, or backwards from the end when they are negative.

use super::error::Refusal;
use super::number;

/// Two indices as arguments, both included.
pub fn parse(start: &[u8], stop: &[u8]) -> Result<(i64, i64), Refusal> {
    Ok((number::arg(start)?, number::arg(stop)?))
}

/// The first index and how many, of `len` elements, lie between two indices.
pub fn span((start, stop): (i64, i64), len: usize) -> (usize, usize) {
    let total = len as i64;
    let from_front = |index: i64| if index < 0 { index.saturating_add(total) } else { index };
    let (start, stop) = (from_front(start).max(0), from_front(stop).min(total - 1));
    if start > stop { (0, 0) } else { (start as usize, (stop - start + 1) as usize) }
}

/// The place of one index among `len` elements.
pub fn place(index: i64, len: usize) -> Option<usize> {
    let index = if index < 0 { index.saturating_add(len as i64) } else { index };
    usize::try_from(index).ok().filter(|index| *index < len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for ((start, stop), expected) in [
            ((0, -1), (0, 5)),
            ((-100, 100), (0, 5)),
            ((-2, -1), (3, 2)),
            ((3, 2), (0, 0)),
            ((5, 9), (0, 0)),
            ((0, -6), (0, 0)),
            ((i64::MIN, i64::MAX), (0, 5)),
        ] {
            assert_eq!(span((start, stop), 5), expected, "{start} {stop}");
        }
        assert_eq!((span((0, -1), 0), place(-5, 5), place(-6, 5), place(5, 5)), ((0, 0), Some(0), None, None));
    }
}
