//! Messages for clients that did not ask for them now: what they subscribed to, watch over, or track.
//!
//! A message is made once and shared by all who get it; its bytes are written once for each protocol, by the first
//! connection that sends it. A mailbox is filled under the engine lock and emptied by the client's own session, which
//! `Client::outside` rings for. It is bounded by `client-output-buffer-limit`: a client that does not read is ended, and
//! nobody waits for it. Must never know: what a message is about, how it is encoded.

use super::Engine;
use super::client::{Client, ClientId};
use crate::config::{OutputLimit, OutputLimits};
use crate::reply::Reply;
use crate::resp::Protocol;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// What a message costs beyond its strings, about.
const MESSAGE_BYTES: usize = 96;
/// What an item of a message costs beyond its bytes, about.
const ITEM_BYTES: usize = 16;

/// Something for one client or many.
#[derive(Debug)]
pub struct Message {
    body: Reply,
    bytes: usize,
    frames: [OnceLock<Bytes>; 2],
}

impl Message {
    /// A message that says `body`.
    pub fn new(body: Reply) -> Arc<Message> {
        let bytes = MESSAGE_BYTES + weight(&body);
        Arc::new(Message { body, bytes, frames: Default::default() })
    }

    /// What it says.
    pub fn body(&self) -> &Reply {
        &self.body
    }

    /// Its bytes in `protocol`; `write` makes them, once.
    pub fn frame(&self, protocol: Protocol, write: impl FnOnce(&Reply) -> Bytes) -> &Bytes {
        let place = usize::from(protocol == Protocol::Resp3);
        self.frames[place].get_or_init(|| write(&self.body))
    }
}

/// Bytes that a reply takes, about.
fn weight(reply: &Reply) -> usize {
    ITEM_BYTES
        + match reply {
            Reply::Bulk(bytes) => bytes.len(),
            Reply::Status(text) | Reply::Error(text) => text.len(),
            Reply::Array(items) | Reply::Push(items) => items.iter().map(weight).sum(),
            _ => 0,
        }
}

/// Messages that a client's session has not taken yet. An empty one holds no memory of its own.
#[derive(Debug, Default)]
pub struct Mailbox {
    messages: VecDeque<Arc<Message>>,
    bytes: usize,
    /// Since when the client is above its soft limit, monotonic microseconds.
    over_since_us: Option<u64>,
}

impl Mailbox {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Messages in it.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Bytes of what is in it. A message counts in full for each who waits for it.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn push(&mut self, message: Arc<Message>) {
        self.bytes += message.bytes;
        self.messages.push_back(message);
    }

    fn take(&mut self) -> Option<Arc<Message>> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.bytes;
        if self.messages.is_empty() {
            self.messages = VecDeque::new();
        }
        Some(message)
    }
}

impl Client {
    /// Hands out what is in the mailbox until `room` bytes are used up; how many bytes it was.
    pub(crate) fn collect(&mut self, room: usize, mut out: impl FnMut(Protocol, Arc<Message>)) -> usize {
        let mut taken = 0;
        while taken < room
            && let Some(message) = self.mailbox.take()
        {
            taken += message.bytes;
            out(self.protocol, message);
        }
        // The session tells how much of it is left when it has tried to send it.
        self.output_bytes += taken;
        taken
    }

    /// What may wait to be sent to it.
    pub fn output_limit(&self, limits: &OutputLimits) -> OutputLimit {
        if self.subscriber { limits.pubsub } else { limits.normal }
    }

    /// Bytes that wait to be sent to it.
    pub fn waiting_bytes(&self) -> usize {
        self.output_bytes + self.mailbox.bytes
    }
}

/// Clients above their soft limit.
#[derive(Debug, Default)]
pub(crate) struct Slow(Vec<ClientId>);

/// What was so before a call inside of another one.
pub(crate) struct Inside {
    actor: Option<ClientId>,
    in_queue: bool,
}

impl Engine {
    /// From here on calls of this client run.
    pub(crate) fn begin_running(&mut self, client: ClientId) {
        self.running = Some(client);
        self.own_mail = self.clients.get(client).is_some_and(|c| !c.mailbox.is_empty());
    }

    /// From here on a call inside of another one of this client runs; gives what [`Engine::end_inside`] wants back.
    pub(crate) fn begin_inside(&mut self, client: ClientId) -> Inside {
        Inside { actor: self.actor.replace(client), in_queue: std::mem::replace(&mut self.in_queue, true) }
    }

    /// It has run: what it changed is told before what the next one changes.
    pub(crate) fn end_inside(&mut self, before: Inside) {
        self.note_changes();
        (self.actor, self.in_queue) = (before.actor, before.in_queue);
    }

    /// Whether messages have to wait: those of unfinished work must not be seen before it is committed. Who asks is rung
    /// for afterwards.
    pub(crate) fn keeps_mail(&mut self, client: ClientId) -> bool {
        let keeps = self.is_held();
        if keeps && self.clients.get(client).is_some_and(|c| !c.mailbox.is_empty()) {
            self.late.insert(client);
        }
        keeps
    }

    /// Rings for those who had to wait.
    pub(super) fn ring_late(&mut self) {
        for id in std::mem::take(&mut self.late) {
            if let Some(client) = self.clients.get(id) {
                client.outside.notify_one();
            }
        }
    }

    /// They have run.
    pub(crate) fn end_running(&mut self) {
        self.running = None;
    }

    /// Puts a message into a client's mailbox. One that holds too much already is ended instead.
    pub(crate) fn deliver(&mut self, to: ClientId, message: &Arc<Message>) {
        let (limits, runs) = (self.config.client_output_buffer_limit, self.running == Some(to));
        let Some(client) = self.clients.get_mut(to).filter(|c| !c.killed) else { return };
        let limit = client.output_limit(&limits);
        let first = client.mailbox.is_empty();
        client.mailbox.push(Arc::clone(message));
        let waiting = client.waiting_bytes() as u64;
        if limit.hard > 0 && waiting >= limit.hard {
            return self.end_slow(to);
        }
        // Who runs a call looks into its mailbox afterwards; who was rung for comes anyway.
        if runs {
            self.own_mail = true;
        } else if first {
            client.outside.notify_one();
        }
        let over_since_us = &mut client.mailbox.over_since_us;
        if limit.soft > 0 && waiting >= limit.soft && over_since_us.is_none() {
            *over_since_us = Some(self.clock.monotonic_us());
            self.slow.0.push(to);
        }
    }

    /// Ends those who were above the soft limit for too long. Called with each tick.
    pub(super) fn look_at_slow(&mut self) {
        if self.slow.0.is_empty() {
            return;
        }
        let now_us = self.clock.monotonic_us();
        for id in std::mem::take(&mut self.slow.0) {
            let Some(client) = self.clients.get_mut(id) else { continue };
            let limit = client.output_limit(&self.config.client_output_buffer_limit);
            let Some(since_us) = client.mailbox.over_since_us else { continue };
            if limit.soft == 0 || (client.waiting_bytes() as u64) < limit.soft {
                client.mailbox.over_since_us = None;
            } else if now_us.saturating_sub(since_us) >= limit.soft_seconds.saturating_mul(1_000_000) {
                self.end_slow(id);
            } else {
                self.slow.0.push(id);
            }
        }
    }

    fn end_slow(&mut self, id: ClientId) {
        self.stats.output_limit_disconnections += 1;
        self.kill(id);
        if let Some(client) = self.clients.get_mut(id) {
            client.mailbox = Mailbox::default();
        }
    }
}
