//! Replies that are not sent yet, and the limits on them. Must never know: sockets.

use crate::broker::clock::Clock;
use crate::broker::mailbox::Message;
use crate::config::OutputLimit;
use crate::reply::Reply;
use crate::resp::{Protocol, SLICE_BYTES, Sliced, encode};

/// A buffer above this size is given back once it was sent.
const KEPT_BYTES: usize = 64 * 1024;

/// Encoded replies in their order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// A long reply that follows the bytes. Its own are made when the socket is about to take them.
    long: Option<Sliced>,
    /// What follows the long reply.
    behind: Vec<u8>,
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
        if self.long.is_some() { &mut self.behind } else { &mut self.bytes }
    }

    /// Encodes the next slice of a long reply, unless as much is waiting already.
    pub fn pour(&mut self) {
        if self.unsent().len() < SLICE_BYTES {
            self.pour_bytes(SLICE_BYTES);
        }
    }

    /// Encodes all that is left of a long reply.
    pub fn pour_all(&mut self) {
        self.pour_bytes(usize::MAX);
    }

    fn pour_bytes(&mut self, bytes: usize) {
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
            if self.bytes.capacity() > KEPT_BYTES && self.long.is_none() {
                self.bytes = Vec::new()
            } else {
                self.bytes.clear()
            }
        } else if self.sent >= KEPT_BYTES && self.sent >= self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.newest = self.newest.saturating_sub(self.sent);
            self.sent = 0;
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
