//! Read buffers that no connection of this thread needs at the moment. A thread serves one burst after the other, so a few
//! buffers, which stay in the processor's cache, are enough for all of its connections. Must never know: what is in them.

use bytes::BytesMut;
use std::cell::RefCell;

/// Buffers that are kept.
const KEPT: usize = 4;
/// Larger ones are freed.
const KEPT_BYTES: usize = 64 * 1024;

thread_local! {
    static SPARE: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer, with room if there is one to spare.
pub(super) fn take() -> BytesMut {
    SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
}

/// Keeps an empty buffer for others.
pub(super) fn give(mut buffer: BytesMut) {
    // What is still read of it (arguments of a burst that runs) does not count: such a buffer is of no use to others.
    if !buffer.is_empty() || !buffer.try_reclaim(super::decode::READ_ROOM) || buffer.capacity() > KEPT_BYTES {
        return;
    }
    SPARE.with_borrow_mut(|spare| {
        if spare.len() < KEPT {
            spare.push(buffer);
        }
    });
}
