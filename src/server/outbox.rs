//! Replies that are not sent yet, and the limits on them. Must never know: sockets.

use crate::broker::clock::Clock;
use crate::broker::mailbox::Message;
use crate::config::OutputLimit;
use crate::reply::Reply;
use crate::resp::{Protocol, SLICE_BYTES, Sliced, encode};

/// A buffer above this size is given back once it was sent: most connections are idle most of the time.
const KEPT_BYTES: usize = 4 * 1024;
/// Where so many bytes were sent and more waits behind them, the room of the first is taken back.
const SENT_BYTES: usize = 64 * 1024;
/// How often the slices of a long reply are halved for a client that reads slowly.
const SLOW_HALVINGS: u8 = 2;

/// Encoded replies in their order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// A long reply that follows the bytes. Its own are made when the socket is about to take them.
    long: Option<Sliced>,
    /// What follows the long reply.
    behind: Vec<u8>,
    /// How much shorter than usual the next slice is.
    halvings: u8,
    /// Where the newest reply begins, counted through `bytes` and `behind`.
    newest: usize,
    /// Since when it is above the soft limit, monotonic microseconds.
    soft_since_us: Option<u64>,
}

impl Outbox {
    /// Adds one more reply. A long one is only encoded by and by.
    pub fn push(&mut self, reply: Reply, protocol: Protocol) {
        self.newest = self.bytes.len() + self.behind.len();
        if self.long.is_none() && Sliced::is_worth(&reply) {
            self.long = Some(Sliced::new(reply, protocol));
        } else {
            encode(&reply, protocol, self.raw());
        }
    }

    /// Adds a message: its bytes are made once for all who get it.
    pub fn push_message(&mut self, message: &Message, protocol: Protocol) {
        self.newest = self.bytes.len() + self.behind.len();
        let frame = message.frame(protocol, |body| {
            let mut bytes = Vec::new();
            encode(body, protocol, &mut bytes);
            bytes.into()
        });
        self.raw().extend_from_slice(frame);
    }

    /// The encoder's buffer, for lines that are no replies.
    pub fn raw(&mut self) -> &mut Vec<u8> {
        if self.long.is_some() {
            return &mut self.behind;
        }
        self.find_room();
        &mut self.bytes
    }

    /// Encodes the next slice of a long reply, unless as much is waiting already.
    pub fn pour(&mut self) {
        let slice = SLICE_BYTES >> self.halvings;
        if self.unsent().len() < slice {
            self.pour_bytes(slice);
        }
    }

    /// Encodes all that is left of a long reply.
    pub fn pour_all(&mut self) {
        self.pour_bytes(usize::MAX);
    }

    fn pour_bytes(&mut self, bytes: usize) {
        if self.long.is_some() {
            self.find_room();
        }
        let Some(long) = &mut self.long else { return };
        let before = self.bytes.len();
        let more = long.pour(bytes, &mut self.bytes);
        if !self.behind.is_empty() {
            self.newest += self.bytes.len() - before;
        }
        if !more {
            self.long = None;
            self.bytes.append(&mut self.behind);
            self.behind = Vec::new();
        }
    }

    /// Whether a long reply is not encoded to its end.
    pub fn is_pouring(&self) -> bool {
        self.long.is_some()
    }

    /// Whether there is room for another reply, if `most` bytes may wait. A long one fills it by itself.
    pub fn has_room(&self, most: usize) -> bool {
        self.long.is_none() && self.len() < most
    }

    /// What is to be sent next.
    pub fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Bytes not sent yet, about: what is left of a long reply is memory that waits for the client as well.
    pub fn len(&self) -> usize {
        let left = self.long.as_ref().map_or(0, Sliced::left);
        (self.unsent().len() + self.behind.len()).saturating_add(left)
    }

    /// Whether everything is sent.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len() && self.long.is_none()
    }

    /// Notes that `n` bytes were sent.
    pub fn advance(&mut self, n: usize) {
        self.sent += n;
        if self.sent == self.bytes.len() {
            self.newest = self.newest.saturating_sub(self.sent);
            self.sent = 0;
            self.halvings = self.halvings.saturating_sub(1);
            self.bytes.clear();
            if self.bytes.capacity() > KEPT_BYTES && self.long.is_none() {
                spare::give(std::mem::take(&mut self.bytes));
            }
        } else if self.sent >= SENT_BYTES && self.sent >= self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.newest = self.newest.saturating_sub(self.sent);
            self.sent = 0;
        }
    }

    /// Notes that the socket takes no more for now, which may last: what waits takes up no more than its room, and the next
    /// slices of a long reply are shorter.
    pub fn rest(&mut self) {
        self.halvings = SLOW_HALVINGS;
        let unsent = self.unsent();
        if self.bytes.capacity() > unsent.len() / 4 * 5 + KEPT_BYTES {
            let unsent = unsent.to_vec();
            self.newest = self.newest.saturating_sub(self.sent);
            self.sent = 0;
            let mut bytes = std::mem::replace(&mut self.bytes, unsent);
            bytes.clear();
            spare::give(bytes);
        }
    }

    /// An empty buffer without room may have that of another connection.
    fn find_room(&mut self) {
        if self.bytes.capacity() == 0 {
            self.bytes = spare::take();
        }
    }

    /// Whether the client has to be closed because it does not read. The newest reply does not count for the hard limit:
    /// any value that could be stored can be read.
    pub fn is_over(&mut self, limit: OutputLimit, clock: &Clock) -> bool {
        let len = self.len() as u64;
        let long = self.long.as_ref().filter(|_| !self.behind.is_empty()).map_or(0, Sliced::left);
        let before = self.newest.saturating_sub(self.sent).saturating_add(long) as u64;
        if limit.hard > 0 && before >= limit.hard {
            return true;
        }
        if limit.soft == 0 || len < limit.soft {
            self.soft_since_us = None;
            return false;
        }
        let now_us = clock.monotonic_us();
        let since = *self.soft_since_us.get_or_insert(now_us);
        now_us.saturating_sub(since) >= limit.soft_seconds.saturating_mul(1_000_000)
    }
}

/// Buffers that no connection of this thread needs at the moment: a thread sends for one after the other.
mod spare {
    use std::cell::RefCell;

    /// Buffers that are kept.
    const KEPT: usize = 4;
    /// Larger ones are freed.
    const LARGEST: usize = 128 * 1024;

    thread_local! {
        static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
    }

    /// An empty buffer, with room if there is one to spare.
    pub fn take() -> Vec<u8> {
        SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Keeps an empty buffer for others.
    pub fn give(buffer: Vec<u8>) {
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < KEPT && buffer.capacity() <= LARGEST {
                spare.push(buffer);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long() -> Reply {
        Reply::Array((0..50_000).map(Reply::Integer).collect())
    }

    fn sent(outbox: &mut Outbox) -> Vec<u8> {
        let mut all = Vec::new();
        while !outbox.is_empty() {
            outbox.pour();
            let n = outbox.unsent().len().min(1000);
            all.extend_from_slice(&outbox.unsent()[..n]);
            outbox.advance(n);
        }
        all
    }

    #[test]
    fn a_long_reply_leaves_in_slices_and_in_its_place() {
        let replies = [Reply::OK, long(), Reply::Null, long(), Reply::OK];
        let (mut outbox, mut expected) = (Outbox::default(), Vec::new());
        for reply in replies {
            encode(&reply, Protocol::Resp2, &mut expected);
            outbox.push(reply, Protocol::Resp2);
        }
        assert!(outbox.is_pouring() && !outbox.has_room(usize::MAX));
        assert!(sent(&mut outbox) == expected);
        assert!(outbox.is_empty() && !outbox.is_pouring());
        outbox.push(Reply::OK, Protocol::Resp2);
        assert_eq!(outbox.unsent(), b"+OK\r\n");
    }

    #[test]
    fn who_reads_slowly_holds_what_waits_and_who_has_read_all_holds_little() {
        let mut outbox = Outbox::default();
        outbox.push(long(), Protocol::Resp2);
        outbox.pour();
        outbox.advance(SLICE_BYTES - 10_000);
        outbox.rest();
        assert!(outbox.bytes.capacity() < 20_000, "{}", outbox.bytes.capacity());
        outbox.pour();
        assert!(outbox.unsent().len() < SLICE_BYTES / 2, "{}", outbox.unsent().len());
        sent(&mut outbox);
        assert!(outbox.bytes.capacity() <= KEPT_BYTES);
        // Once it reads faster it is given more at a time.
        outbox.push(long(), Protocol::Resp2);
        outbox.rest();
        let mut poured = || {
            outbox.pour();
            let n = outbox.unsent().len();
            outbox.advance(n);
            n
        };
        let (first, second, third) = (poured(), poured(), poured());
        assert!(first < second && second < third && third >= SLICE_BYTES, "{first} {second} {third}");
    }

    #[test]
    fn what_is_left_of_a_long_reply_counts_unless_it_is_the_newest() {
        let (mut outbox, clock) = (Outbox::default(), Clock::system());
        let limit = OutputLimit { hard: 100_000, soft: 0, soft_seconds: 0 };
        outbox.push(long(), Protocol::Resp2);
        outbox.pour();
        assert!(outbox.len() > 300_000 && !outbox.is_over(limit, &clock));
        outbox.push(Reply::OK, Protocol::Resp2);
        assert!(outbox.is_over(limit, &clock));
        outbox.pour_all();
        assert!(outbox.is_over(limit, &clock) && !outbox.is_pouring());
    }
}
