//! Channels and patterns: who listens to what, and handing out what is published.
//!
//! Three spaces that know nothing of each other: channels, patterns over channels, and shard channels. A publish looks up
//! one name and goes over the patterns; clients that do not listen cost nothing. Must never know: verbs.

use super::Engine;
use super::client::ClientId;
use super::mailbox::Message;
use crate::glob::{self, Case};
use crate::reply::Reply;
use crate::resp::Protocol;
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a subscription is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// A channel.
    Channel,
    /// All channels that match a pattern.
    Pattern,
    /// A shard channel.
    Shard,
}

type Name = Arc<[u8]>;

/// What a subscription costs beyond its name, about.
const SUBSCRIPTION_BYTES: usize = 160;

/// The subscriptions of one space.
#[derive(Debug, Default)]
struct Index {
    by_name: BTreeMap<Name, BTreeSet<ClientId>>,
    by_client: HashMap<ClientId, BTreeSet<Name>>,
}

impl Index {
    fn add(&mut self, client: ClientId, name: &[u8]) -> bool {
        let name = self.by_name.get_key_value(name).map_or_else(|| Name::from(name), |(known, _)| Arc::clone(known));
        self.by_client.entry(client).or_default().insert(Arc::clone(&name));
        self.by_name.entry(name).or_default().insert(client)
    }

    fn remove(&mut self, client: ClientId, name: &[u8]) -> bool {
        let Some(own) = self.by_client.get_mut(&client) else { return false };
        if !own.remove(name) {
            return false;
        }
        if own.is_empty() {
            self.by_client.remove(&client);
        }
        if let Some(clients) = self.by_name.get_mut(name) {
            clients.remove(&client);
            if clients.is_empty() {
                self.by_name.remove(name);
            }
        }
        true
    }

    fn of(&self, client: ClientId) -> usize {
        self.by_client.get(&client).map_or(0, BTreeSet::len)
    }

    fn bytes_of(&self, client: ClientId) -> usize {
        let own = self.by_client.get(&client).into_iter().flatten();
        own.map(|name| name.len() + SUBSCRIPTION_BYTES).sum()
    }
}

/// All subscriptions.
#[derive(Debug, Default)]
pub struct PubSub {
    channels: Index,
    patterns: Index,
    shards: Index,
}

impl PubSub {
    fn index(&self, space: Space) -> &Index {
        match space {
            Space::Channel => &self.channels,
            Space::Pattern => &self.patterns,
            Space::Shard => &self.shards,
        }
    }

    fn index_mut(&mut self, space: Space) -> &mut Index {
        match space {
            Space::Channel => &mut self.channels,
            Space::Pattern => &mut self.patterns,
            Space::Shard => &mut self.shards,
        }
    }

    /// Whether nobody listens to anything.
    pub fn is_empty(&self) -> bool {
        [&self.channels, &self.patterns, &self.shards].iter().all(|index| index.by_name.is_empty())
    }

    /// Whether a client listens to anything.
    fn is_subscriber(&self, client: ClientId) -> bool {
        [&self.channels, &self.patterns, &self.shards].iter().any(|index| index.by_client.contains_key(&client))
    }

    /// Clients that listen to something.
    pub fn clients(&self) -> usize {
        let indices = [&self.channels, &self.patterns, &self.shards];
        indices.iter().flat_map(|index| index.by_client.keys()).collect::<BTreeSet<_>>().len()
    }

    /// Names of a space that somebody listens to.
    pub fn names(&self, space: Space) -> impl ExactSizeIterator<Item = &[u8]> {
        self.index(space).by_name.keys().map(|name| &**name)
    }

    /// Clients that listen to exactly this name.
    pub fn listeners(&self, space: Space, name: &[u8]) -> usize {
        self.index(space).by_name.get(name).map_or(0, BTreeSet::len)
    }

    /// How many names of a space a client listens to.
    pub fn count_of(&self, client: ClientId, space: Space) -> usize {
        self.index(space).of(client)
    }

    /// The count that a confirmation tells: shard channels are counted apart.
    pub fn told_count(&self, client: ClientId, space: Space) -> usize {
        match space {
            Space::Shard => self.shards.of(client),
            Space::Channel | Space::Pattern => self.channels.of(client) + self.patterns.of(client),
        }
    }

    /// Bytes that the subscriptions of a client take, about.
    pub fn bytes_of(&self, client: ClientId) -> usize {
        [&self.channels, &self.patterns, &self.shards].iter().map(|index| index.bytes_of(client)).sum()
    }

    /// The names of a space that a client listens to.
    pub fn names_of(&self, client: ClientId, space: Space) -> Vec<Arc<[u8]>> {
        self.index(space).by_client.get(&client).into_iter().flatten().cloned().collect()
    }

    fn add(&mut self, client: ClientId, space: Space, name: &[u8]) {
        self.index_mut(space).add(client, name);
    }

    fn remove(&mut self, client: ClientId, space: Space, name: &[u8]) {
        self.index_mut(space).remove(client, name);
    }

    fn forget(&mut self, client: ClientId) {
        for space in [Space::Channel, Space::Pattern, Space::Shard] {
            for name in self.names_of(client, space) {
                self.remove(client, space, &name);
            }
        }
    }

    /// Who gets a message to a channel, and what it says to them: first those who named the channel, then those whose
    /// patterns match.
    fn receivers(&self, space: Space, channel: &[u8], payload: &[u8]) -> Vec<(ClientId, Arc<Message>)> {
        let mut found = Vec::new();
        let mut bodies = Bodies { channel, payload, shared: None };
        if let Some(clients) = self.index(space).by_name.get(channel) {
            let message = bodies.plain(if space == Space::Shard { "smessage" } else { "message" });
            found.extend(clients.iter().map(|client| (*client, Arc::clone(&message))));
        }
        if space == Space::Channel {
            for (pattern, clients) in &self.patterns.by_name {
                if glob::matches(pattern, channel, Case::Exact) {
                    let message = bodies.matched(pattern);
                    found.extend(clients.iter().map(|client| (*client, Arc::clone(&message))));
                }
            }
        }
        found
    }
}

/// Makes the messages of one publish; all of them share the bytes.
struct Bodies<'a> {
    channel: &'a [u8],
    payload: &'a [u8],
    shared: Option<(Reply, Reply)>,
}

impl Bodies<'_> {
    fn parts(&mut self) -> (Reply, Reply) {
        let bulk = |bytes: &[u8]| Reply::Bulk(Bytes::copy_from_slice(bytes));
        self.shared.get_or_insert_with(|| (bulk(self.channel), bulk(self.payload))).clone()
    }

    fn plain(&mut self, kind: &'static str) -> Arc<Message> {
        let (channel, payload) = self.parts();
        Message::new(Reply::Push(vec![Reply::text(kind), channel, payload]))
    }

    fn matched(&mut self, pattern: &[u8]) -> Arc<Message> {
        let (channel, payload) = self.parts();
        Message::new(Reply::Push(vec![Reply::text("pmessage"), Reply::bulk(pattern), channel, payload]))
    }
}

impl Engine {
    /// Begins to listen; the count that the confirmation tells.
    pub fn subscribe(&mut self, client: ClientId, space: Space, name: &[u8]) -> usize {
        self.pubsub.add(client, space, name);
        self.note_subscriber(client);
        self.pubsub.told_count(client, space)
    }

    /// Ends to listen; the count that the confirmation tells.
    pub fn unsubscribe(&mut self, client: ClientId, space: Space, name: &[u8]) -> usize {
        self.pubsub.remove(client, space, name);
        self.note_subscriber(client);
        self.pubsub.told_count(client, space)
    }

    /// Ends all that a client listens to.
    pub fn unsubscribe_all(&mut self, client: ClientId) {
        self.pubsub.forget(client);
        self.note_subscriber(client);
    }

    /// Whether a client is in the mode that RESP2 has for those who listen.
    pub fn is_listening(&self, client: ClientId) -> bool {
        self.clients.get(client).is_some_and(|c| c.subscriber && c.protocol == Protocol::Resp2)
    }

    fn note_subscriber(&mut self, client: ClientId) {
        let subscriber = self.pubsub.is_subscriber(client);
        if let Some(c) = self.clients.get_mut(client) {
            c.subscriber = subscriber;
        }
    }

    /// Hands a message to all who listen; how many times it was handed out.
    pub fn publish(&mut self, space: Space, channel: &[u8], payload: &[u8]) -> usize {
        if self.pubsub.is_empty() {
            return 0;
        }
        let receivers = self.pubsub.receivers(space, channel, payload);
        for (client, message) in &receivers {
            self.deliver(*client, message);
        }
        receivers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_nobody_listens_to_is_forgotten() {
        let mut pubsub = PubSub::default();
        pubsub.add(1, Space::Channel, b"a");
        pubsub.add(2, Space::Channel, b"a");
        pubsub.add(1, Space::Pattern, b"a*");
        pubsub.add(1, Space::Shard, b"a");
        assert_eq!((pubsub.told_count(1, Space::Channel), pubsub.told_count(1, Space::Shard)), (2, 1));
        assert_eq!((pubsub.clients(), pubsub.listeners(Space::Channel, b"a")), (2, 2));
        pubsub.forget(1);
        assert!(!pubsub.is_subscriber(1) && pubsub.bytes_of(1) == 0);
        assert_eq!(pubsub.names(Space::Pattern).len(), 0);
        pubsub.remove(2, Space::Channel, b"a");
        assert!(pubsub.is_empty() && pubsub.channels.by_client.is_empty());
    }

    #[test]
    fn the_channel_comes_before_its_patterns_and_a_shard_has_none() {
        let mut pubsub = PubSub::default();
        pubsub.add(1, Space::Pattern, b"a*");
        pubsub.add(2, Space::Channel, b"ab");
        pubsub.add(3, Space::Shard, b"ab");
        let who = |space| pubsub.receivers(space, b"ab", b"x").iter().map(|(client, _)| *client).collect::<Vec<_>>();
        assert_eq!(who(Space::Channel), [2, 1]);
        assert_eq!(who(Space::Shard), [3]);
    }
}
