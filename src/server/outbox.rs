//! Replies that are not sent yet, and the limits on them. Must never know: sockets.

use crate::broker::clock::Clock;
use crate::broker::mailbox::Message;
use crate::config::OutputLimit;
use crate::reply::Reply;
use crate::resp::{Protocol, encode};

/// A buffer above this size is given back once it was sent.
const KEPT_BYTES: usize = 64 * 1024;

/// Encoded replies in their order.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    /// Where the newest reply begins.
    newest: usize,
    /// Since when it is above the soft limit, monotonic microseconds.
    soft_since_us: Option<u64>,
}

impl Outbox {
    /// Encodes one more reply.
    pub fn push(&mut self, reply: &Reply, protocol: Protocol) {
        self.newest = self.bytes.len();
        encode(reply, protocol, &mut self.bytes);
    }

    /// Adds a message: its bytes are made once for all who get it.
    pub fn push_message(&mut self, message: &Message, protocol: Protocol) {
        self.newest = self.bytes.len();
        let frame = message.frame(protocol, |body| {
            let mut bytes = Vec::new();
            encode(body, protocol, &mut bytes);
            bytes.into()
        });
        self.bytes.extend_from_slice(frame);
    }

    /// The encoder's buffer, for lines that are no replies.
    pub fn raw(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What is to be sent next.
    pub fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Bytes not sent yet.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether everything is sent.
    pub fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Notes that `n` bytes were sent.
    pub fn advance(&mut self, n: usize) {
        self.sent += n;
        if self.is_empty() {
            (self.sent, self.newest) = (0, 0);
            if self.bytes.capacity() > KEPT_BYTES { self.bytes = Vec::new() } else { self.bytes.clear() }
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
        let before = self.newest.saturating_sub(self.sent) as u64;
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
