//! Consumer groups: a cursor, consumers, pending entries.
//!
//! Owns the state of one group and the rules that need nothing but it. Must never know: entries' contents.

use super::pending::PendingList;
use crate::id::StreamId;
use std::collections::{BTreeMap, HashMap};

/// One consumer of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: Box<[u8]>,
    /// Unix time in milliseconds of its last call.
    pub seen_ms: i64,
    /// Unix time in milliseconds of its last call that gave it something; -1 = none yet.
    pub active_ms: i64,
}

/// A consumer group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// Number of the group in its stream, never reused there.
    pub number: u32,
    /// The last id that was delivered to it.
    pub last_delivered: StreamId,
    /// Entries ever read, as Redis counts them; `None` = unknown.
    pub entries_read: Option<u64>,
    /// Live entries with an id up to and including `last_delivered`; the exact lag is what is left of the stream.
    pub passed: u64,
    /// Delivered and not acknowledged.
    pub pending: PendingList,
    consumers: HashMap<u32, Consumer>,
    by_name: BTreeMap<Box<[u8]>, u32>,
    next_consumer: u32,
}

impl Group {
    /// A new group without consumers.
    pub fn new(number: u32, last_delivered: StreamId, entries_read: Option<u64>, passed: u64) -> Group {
        Group { number, last_delivered, entries_read, passed, next_consumer: 1, ..Group::default() }
    }

    /// The number of the consumer `name`.
    pub fn consumer_number(&self, name: &[u8]) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The consumer `number`.
    pub fn consumer(&self, number: u32) -> Option<&Consumer> {
        self.consumers.get(&number)
    }

    pub(crate) fn consumer_mut(&mut self, number: u32) -> Option<&mut Consumer> {
        self.consumers.get_mut(&number)
    }

    /// All consumers in byte order of their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = (u32, &Consumer)> {
        self.by_name.values().map(|n| (*n, &self.consumers[n]))
    }

    /// The number that the next consumer will get.
    pub fn next_consumer(&self) -> u32 {
        self.next_consumer
    }

    pub(crate) fn set_next_consumer(&mut self, next: u32) {
        self.next_consumer = self.next_consumer.max(next);
    }

    pub(crate) fn add_consumer(&mut self, number: u32, consumer: Consumer) {
        self.next_consumer = self.next_consumer.max(number.saturating_add(1));
        self.by_name.insert(consumer.name.clone(), number);
        self.consumers.insert(number, consumer);
    }

    /// Removes a consumer and what is pending for it; how many entries that were.
    pub(crate) fn remove_consumer(&mut self, number: u32) -> usize {
        let removed = self.pending.remove_consumer(number);
        if let Some(consumer) = self.consumers.remove(&number) {
            self.by_name.remove(&consumer.name);
        }
        removed
    }

    /// Gives a pending entry to a consumer once more; deliveries saturate.
    pub(crate) fn redeliver(&mut self, id: StreamId, consumer: u32, at_ms: i64, counted: bool) {
        let before = self.pending.get(id).map_or(0, |p| p.deliveries);
        self.pending.put(id, consumer, at_ms, before.saturating_add(i64::from(counted)));
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        size_of::<Group>() + self.consumers.len() * 200 + self.pending.memory()
    }
}
