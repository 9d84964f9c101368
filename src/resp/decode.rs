//! The request decoder of one connection. Owns the read buffer and cuts it into bursts of complete commands without
//! copying them. Must never know: sockets, verbs, replies. Read next: `scan.rs` (how a command is found).

use super::limits::Limits;
use super::scan::{Scanner, Step};
use super::{Burst, ProtocolError, spare};
use crate::command::args::Span;
use bytes::{Buf, BytesMut};
use std::mem;

/// Room that a read is offered when nothing is known about what comes.
pub(super) const READ_ROOM: usize = 16 * 1024;
/// With less room than this the buffer grows before a read.
const LEAST_ROOM: usize = 4 * 1024;
/// A burst ends with the command that passes this many bytes, so that 32-bit spans reach its end.
const BURST_CEILING: usize = 1 << 30;
/// Lists of a burst that grew beyond this many items are not kept for the next.
const KEPT_ITEMS: usize = 4096;
/// The buffer of a burst longer than this is not read into again: one large argument must not cost its size for ever.
const KEPT_BYTES: usize = 256 * 1024;

/// As much of a request may wait for its rest in a small copy; the room around it goes to others.
const SMALL_BYTES: usize = 2 * 1024;

/// Turns the bytes of one connection into commands, however they arrive.
///
/// Read into [`Decoder::buffer_mut`], call [`Decoder::decode`] until it answers `None`, and give every burst back to
/// [`Decoder::recycle`] when its commands have run. Work is linear in the bytes that arrive; memory is bounded by
/// about twice those that were not taken yet.
#[derive(Debug)]
pub struct Decoder {
    buf: BytesMut,
    /// The buffer is a copy without room.
    is_small: bool,
    scanner: Scanner,
    limits: Limits,
    /// Arguments of the commands found, then those of the request that is still arriving.
    spans: Vec<Span>,
    spare_spans: Vec<Span>,
    spare_ends: Vec<u32>,
    failed: bool,
}

impl Decoder {
    /// A decoder that has seen nothing. Allocates nothing.
    pub fn new(limits: Limits) -> Decoder {
        Decoder {
            buf: BytesMut::new(),
            is_small: false,
            scanner: Scanner::default(),
            limits,
            spans: Vec::new(),
            spare_spans: Vec::new(),
            spare_ends: Vec::new(),
            failed: false,
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Changes the limits for every header that was not read yet.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Bytes that arrived and are in no burst yet; not zero after `decode` answered `None` means that a request is
    /// on its way.
    pub fn buffered(&self) -> usize {
        self.buf.len()
    }

    /// Whether a protocol error was delivered. Nothing is decoded after it.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// The buffer to append arrived bytes to, with room for a read. Grows by what has arrived, not by what was
    /// announced: an announced length only keeps the last step from growing too far.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        let arrived = self.buf.len();
        let wanted = self.scanner.wanted(arrived);
        if self.buf.capacity() == 0 || self.is_small {
            self.move_to(spare::take());
        }
        let room = self.buf.capacity() - arrived;
        if room < wanted.unwrap_or(LEAST_ROOM).min(LEAST_ROOM) {
            let most = arrived.saturating_mul(2).max(READ_ROOM);
            let least = (arrived + arrived / 4).max(READ_ROOM);
            let target = wanted.map_or(most, |wanted| arrived.saturating_add(wanted).clamp(least, most));
            // A buffer whose bursts were all dropped is used again from its start: no allocation in steady state.
            self.buf.reserve(target.saturating_sub(arrived).max(LEAST_ROOM));
        }
        &mut self.buf
    }

    /// Gives the buffer away if little or nothing is on its way; the next read gets one again. Thousands may wait with
    /// the beginning of a request.
    pub fn release(&mut self) {
        let arrived = self.buf.len();
        if arrived <= SMALL_BYTES && !self.is_small {
            let mut buffer = mem::replace(&mut self.buf, BytesMut::with_capacity(arrived));
            self.buf.extend_from_slice(&buffer);
            self.is_small = arrived > 0;
            buffer.clear();
            spare::give(buffer);
        }
    }

    /// Moves what has arrived into `buffer`, if that has room.
    fn move_to(&mut self, mut buffer: BytesMut) {
        self.is_small = false;
        if buffer.capacity() > 0 {
            buffer.extend_from_slice(&self.buf);
            self.buf = buffer;
        }
    }

    /// Takes the complete commands that have arrived, at most `max_commands` (one before authentication, since that
    /// command may change what is allowed to the next), and the protocol error behind them. `None` when there is
    /// neither: more bytes are needed, or an error was delivered before.
    pub fn decode(&mut self, max_commands: usize) -> Option<Burst> {
        if self.failed {
            return None;
        }
        let mut ends = mem::take(&mut self.spare_ends);
        let error = self.find(max_commands, &mut ends).err();
        if ends.is_empty() && error.is_none() {
            self.spare_ends = ends;
            return None;
        }
        Some(self.cut(ends, error))
    }

    /// Takes the lists of a burst whose commands have run, so the next burst needs no new ones, and drops its bytes,
    /// so the read buffer can use their place again.
    pub fn recycle(&mut self, burst: Burst) {
        let Burst { mut spans, mut ends, .. } = burst;
        if spans.capacity() <= KEPT_ITEMS {
            spans.clear();
            self.spare_spans = spans;
        }
        if ends.capacity() <= KEPT_ITEMS {
            ends.clear();
            self.spare_ends = ends;
        }
    }

    /// Scans on until enough commands are found or the bytes end.
    fn find(&mut self, max_commands: usize, ends: &mut Vec<u32>) -> Result<(), ProtocolError> {
        let most = if self.limits.authenticated { max_commands.max(1) } else { 1 };
        while ends.len() < most && self.scanner.start() < BURST_CEILING {
            match self.scanner.step(&mut self.buf, &self.limits, &mut self.spans)? {
                Step::Command => ends.push(self.spans.len() as u32),
                // Empty requests before the first command are dropped at once: a stream of them never piles up.
                Step::Nothing if ends.is_empty() => self.buf.advance(self.scanner.settle()),
                Step::Nothing => {}
                Step::Incomplete => break,
            }
        }
        Ok(())
    }

    /// Splits the settled bytes off as a burst. What has arrived of the next request stays, and so do its arguments,
    /// moved to the buffer's new front; that happens once per request, since a request at the front does not move.
    fn cut(&mut self, ends: Vec<u32>, error: Option<ProtocolError>) -> Burst {
        let settled = self.scanner.settle();
        let bytes = self.buf.split_to(settled).freeze();
        let taken = ends.last().map_or(0, |&end| end as usize);
        let mut spans = mem::replace(&mut self.spans, mem::take(&mut self.spare_spans));
        let moved = settled as u32;
        let rest = spans.drain(taken..).map(|s| Span { start: s.start - moved, end: s.end - moved });
        self.spans.extend(rest);
        if error.is_some() {
            self.fail();
        } else if settled > KEPT_BYTES {
            self.release();
        }
        Burst { bytes, spans, ends, error }
    }

    /// Frees everything: what follows an error has no meaning.
    fn fail(&mut self) {
        *self = Decoder { failed: true, ..Decoder::new(self.limits) };
    }

    /// Bytes looked at so far.
    #[cfg(test)]
    pub(super) fn examined(&self) -> usize {
        self.scanner.examined
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
