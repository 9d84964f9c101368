//! The part of a pattern behind a `*`, matched with one bit for each of its elements: all places at which it could begin are
//! tried at the same time, so a text costs so many words for each of its bytes, whatever pattern and text are.
//!
//! The bits are made once for a pattern and kept for the next texts: they cost more than a short text. Must never know: who
//! asks. The algorithm is the one known as shift-and.

use super::{Case, split};
use std::cell::RefCell;

/// A pattern's pieces between its stars.
struct Pieces {
    pattern: Vec<u8>,
    case: Case,
    pieces: Vec<Piece>,
    /// The last piece stands at the end of the text.
    is_anchored: bool,
}

/// Elements without a star.
struct Piece {
    len: usize,
    words: usize,
    /// For each byte the elements that take it, `words` numbers each.
    takes: Vec<u64>,
}

thread_local! {
    static LATEST: RefCell<Option<Pieces>> = const { RefCell::new(None) };
}

/// Whether `*` and then `pattern` match the whole of `text`.
pub(super) fn matches_behind_star(pattern: &[u8], text: &[u8], case: Case) -> bool {
    LATEST.with_borrow_mut(|latest| match latest {
        Some(pieces) if pieces.pattern == pattern && pieces.case == case => pieces.matches(text),
        _ => latest.insert(Pieces::of(pattern, case)).matches(text),
    })
}

impl Pieces {
    fn of(pattern: &[u8], case: Case) -> Pieces {
        let (mut pieces, mut elements, mut rest) = (Vec::new(), Vec::new(), pattern);
        loop {
            let is_star = rest.first() == Some(&b'*');
            if (is_star || rest.is_empty()) && !elements.is_empty() {
                pieces.push(Piece::of(&elements, case));
                elements.clear();
            }
            if is_star {
                rest = &rest[1..];
            } else if let Some((behind, _)) = split(rest, 0, case) {
                elements.push(rest);
                rest = behind;
            } else {
                break;
            }
        }
        // A lone `*`, or one at the end that no backslash takes away: the last piece then ends before the end.
        let is_anchored = !ends_with_star(pattern, case);
        Pieces { pattern: pattern.to_vec(), case, pieces, is_anchored }
    }

    fn matches(&self, mut text: &[u8]) -> bool {
        let free = self.pieces.len() - usize::from(self.is_anchored && !self.pieces.is_empty());
        for piece in &self.pieces[..free] {
            // The first place is the best: whatever follows has most room behind it.
            let Some(end) = piece.find(text) else { return false };
            text = &text[end..];
        }
        match self.pieces.get(free) {
            Some(last) => text.len().checked_sub(last.len).is_some_and(|at| last.find(&text[at..]).is_some()),
            None => true,
        }
    }
}

fn ends_with_star(mut pattern: &[u8], case: Case) -> bool {
    let mut is_star = pattern.is_empty();
    while !pattern.is_empty() {
        is_star = pattern[0] == b'*';
        pattern = if is_star { &pattern[1..] } else { split(pattern, 0, case).map_or(&[][..], |(rest, _)| rest) };
    }
    is_star
}

impl Piece {
    /// `elements`: the pattern from each element on.
    fn of(elements: &[&[u8]], case: Case) -> Piece {
        let (len, words) = (elements.len(), elements.len().div_ceil(64));
        let mut takes = vec![0; 256 * words];
        for (i, element) in elements.iter().enumerate() {
            for byte in 0..=255u8 {
                if split(element, byte, case).is_some_and(|(_, takes)| takes) {
                    takes[usize::from(byte) * words + i / 64] |= 1 << (i % 64);
                }
            }
        }
        Piece { len, words, takes }
    }

    /// Where the first place ends at which the piece stands.
    fn find(&self, text: &[u8]) -> Option<usize> {
        let (last, bit) = (self.words - 1, 1 << ((self.len - 1) % 64));
        let mut state = vec![0u64; self.words];
        for (at, byte) in text.iter().enumerate() {
            let takes = &self.takes[usize::from(*byte) * self.words..][..self.words];
            let mut carried = 1;
            for (word, takes) in state.iter_mut().zip(takes) {
                let out = *word >> 63;
                *word = (*word << 1 | carried) & takes;
                carried = out;
            }
            if state[last] & bit != 0 {
                return Some(at + 1);
            }
        }
        None
    }
}
