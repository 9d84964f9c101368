//! Remembered places in chunks, so that a walk that goes on where another ended does not begin at the chunk's start.
//!
//! One finger follows readers, one the head, which trimming moves. The one surprising rule: a finger is only a hint for
//! bytes that grow at the end, so it is dropped whenever a chunk is emptied or shortened.

use crate::id::StreamId;
use crate::stream::chunk::Slots;
use std::cell::Cell;

/// Every entry before offset `at` of the chunk with this base has an id up to `past`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Finger {
    pub(super) base: StreamId,
    pub(super) past: StreamId,
    pub(super) at: usize,
}

/// Whose finger a walk moves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hand {
    /// Trimming: the first entry that stays.
    Head,
    /// Reading: where the last range ended.
    Reader,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Fingers {
    head: Cell<Finger>,
    reader: Cell<Finger>,
}

impl Fingers {
    /// The slots of a chunk, without those that a finger knows to lie before `start`; and where that is.
    pub(super) fn walk<'a>(&self, chunk: &'a [u8], base: StreamId, start: StreamId) -> (Slots<'a>, Finger) {
        let useful = |f: &Finger| f.base == base && f.past < start && f.at <= chunk.len();
        let fingers = [self.head.get(), self.reader.get()].into_iter().filter(useful);
        let from = fingers.max_by_key(|f| f.at).unwrap_or(Finger { base, ..Finger::default() });
        (Slots::starting_at(chunk, base, from.at), from)
    }

    pub(super) fn put(&self, hand: Hand, finger: Finger) {
        match hand {
            Hand::Head => self.head.set(finger),
            Hand::Reader => self.reader.set(finger),
        }
    }

    pub(super) fn forget(&self) {
        self.head.set(Finger::default());
        self.reader.set(Finger::default());
    }
}
