//! Streams: a log of chunks, counters, consumer groups, idempotency.
//!
//! Owns what a stream is and how each effect changes it ([`Stream::apply`] is the only way). Must never know: names of
//! keys, the journal, clocks. Read next: `log.rs` (entries), `group.rs` and `pending/` (delivery), `header.rs` (disk).

pub mod chunk;
pub mod fields;
pub mod group;
pub mod header;
pub mod idempotency;
pub mod lag;
pub mod log;
pub mod pending;

use crate::batch::Effect;
use crate::error::{Result, StorageError};
use crate::id::StreamId;
use group::{Consumer, Group};
use idempotency::Idempotency;
use log::{Cold, Log, NodeLimits};
use std::collections::{BTreeMap, HashMap};

/// A stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// Its entries.
    pub log: Log,
    /// The last id ever generated or set.
    pub last_id: StreamId,
    /// The largest id ever deleted (not trimmed).
    pub max_deleted: StreamId,
    /// Entries ever added.
    pub entries_added: u64,
    /// Idempotency, once a producer used it or a limit was set.
    pub idempotency: Option<Box<Idempotency>>,
    groups: HashMap<u32, Group>,
    group_names: BTreeMap<Box<[u8]>, u32>,
    next_group: u32,
    /// No cursor was ever above this id: an append above it concerns no group.
    furthest_cursor: StreamId,
    /// Groups that were destroyed since the last checkpoint and may have records on disk.
    pub(crate) dead_groups: Vec<u32>,
}

/// What a change did that the keyspace has to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// A chunk was sealed.
    pub sealed: bool,
}

impl Stream {
    /// Live entries.
    pub fn len(&self) -> u64 {
        self.log.len()
    }

    /// Whether there is no live entry.
    pub fn is_empty(&self) -> bool {
        self.log.is_empty()
    }

    /// Groups in byte order of their names.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.group_names.iter().map(|(name, number)| (&name[..], &self.groups[number]))
    }

    /// The group `name`.
    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.groups.get(self.group_names.get(name)?)
    }

    /// The group with this number.
    pub fn group_by_number(&self, number: u32) -> Option<&Group> {
        self.groups.get(&number)
    }

    /// The number that the next group gets.
    pub fn next_group(&self) -> u32 {
        self.next_group.max(1)
    }

    /// Exactly how many live entries a group has still to be given.
    pub fn lag(&self, group: &Group) -> u64 {
        lag::exact_lag(self, group)
    }

    /// How many live entries a cursor at `id` has behind it.
    pub fn passed_at(&self, id: StreamId) -> Result<u64, Cold> {
        if id >= self.last_id { Ok(self.log.len()) } else { self.log.rank(id) }
    }

    /// Whether any group still needs `id`: it was not delivered to it yet, or is pending.
    pub fn is_referenced(&self, id: StreamId) -> bool {
        self.groups.values().any(|g| g.last_delivered < id || g.pending.contains(id))
    }

    /// The groups in which `id` is pending.
    pub fn groups_pending(&self, id: StreamId) -> Vec<u32> {
        self.groups.values().filter(|g| g.pending.contains(id)).map(|g| g.number).collect()
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        size_of::<Stream>() + self.log.memory() + self.groups.values().map(Group::memory).sum::<usize>()
    }

    fn group_mut(&mut self, number: u32) -> Result<&mut Group> {
        self.groups.get_mut(&number).ok_or_else(|| StorageError::corrupt("batch", format!("no group {number}")))
    }

    /// Applies one effect: the same code runs for a command, at recovery and on a replica.
    pub(crate) fn apply(&mut self, effect: &Effect<'_>, limits: NodeLimits) -> Result<Applied> {
        match effect {
            Effect::Append { id, packed } => {
                let appended = self.log.append(*id, packed, limits);
                self.last_id = *id;
                self.entries_added += 1;
                self.pass_new_entry(*id);
                return Ok(Applied { sealed: appended.sealed });
            }
            Effect::Trim { first, removed } => self.trim(*first, *removed),
            Effect::DeleteEntry { id, first } => self.delete_entry(*id, *first)?,
            Effect::StreamCounters { last, added, max_deleted } => {
                if *last < self.last_id {
                    self.log.lower_top(*last);
                }
                (self.last_id, self.entries_added, self.max_deleted) = (*last, *added, *max_deleted);
            }
            Effect::IdmpRecord { producer, iid, id } => self.idempotency_mut().record(producer, iid, *id),
            Effect::IdmpDuplicate => self.idempotency_mut().duplicates += 1,
            Effect::IdmpConfig { duration_s, max_size } => {
                self.idempotency_mut().configure(*duration_s, *max_size);
            }
            group_effect => self.apply_to_group(group_effect)?,
        }
        Ok(Applied::default())
    }

    fn apply_to_group(&mut self, effect: &Effect<'_>) -> Result<()> {
        match effect {
            Effect::GroupCreate { group, name, last, read, passed } => {
                self.add_group(name, Group::new(*group, *last, *read, *passed));
            }
            Effect::GroupDestroy { group } => {
                if self.groups.remove(group).is_some_and(|g| g.pending.has_records()) {
                    self.dead_groups.push(*group);
                }
                self.group_names.retain(|_, number| number != group);
            }
            Effect::GroupCursor { group, last, read, passed } => {
                let g = self.group_mut(*group)?;
                (g.last_delivered, g.entries_read, g.passed) = (*last, *read, *passed);
                self.furthest_cursor = self.furthest_cursor.max(*last);
            }
            Effect::ConsumerAdd { group, consumer, name, seen_ms } => {
                let new = Consumer { name: (*name).into(), seen_ms: *seen_ms, active_ms: -1 };
                self.group_mut(*group)?.add_consumer(*consumer, new);
            }
            Effect::ConsumerRemove { group, consumer } => {
                self.group_mut(*group)?.remove_consumer(*consumer);
            }
            Effect::ConsumerSeen { group, consumer, seen_ms, active_ms } => {
                if let Some(c) = self.group_mut(*group)?.consumer_mut(*consumer) {
                    (c.seen_ms, c.active_ms) = (*seen_ms, *active_ms);
                }
            }
            Effect::Deliver { group, consumer, at_ms, read, passed, ids } => {
                let g = self.group_mut(*group)?;
                let mut last = g.last_delivered;
                ids.for_each(|id| {
                    g.pending.put(id, *consumer, *at_ms, 1);
                    last = id;
                })?;
                (g.last_delivered, g.entries_read, g.passed) = (last, *read, *passed);
                if let Some(c) = g.consumer_mut(*consumer) {
                    (c.seen_ms, c.active_ms) = (*at_ms, *at_ms);
                }
                self.furthest_cursor = self.furthest_cursor.max(last);
            }
            Effect::Ack { group, ids } => {
                let g = self.group_mut(*group)?;
                ids.for_each(|id| {
                    g.pending.remove(id);
                })?;
            }
            Effect::Pend { group, id, consumer, delivered_ms, deliveries } => {
                self.group_mut(*group)?.pending.put(*id, *consumer, *delivered_ms, *deliveries);
            }
            Effect::Redeliver { group, consumer, at_ms, counted, ids } => {
                let g = self.group_mut(*group)?;
                ids.for_each(|id| g.redeliver(id, *consumer, *at_ms, *counted))?;
            }
            other => return Err(StorageError::corrupt("batch", format!("{other:?} is not about a stream"))),
        }
        Ok(())
    }

    /// Notes when a consumer last called: no effect, so a restart or an eviction goes back to the last recorded time.
    pub(crate) fn note_seen(&mut self, group: u32, consumer: u32, seen_ms: i64) {
        if let Some(c) = self.groups.get_mut(&group).and_then(|g| g.consumer_mut(consumer)) {
            c.seen_ms = c.seen_ms.max(seen_ms);
        }
    }

    /// Forgets idempotent ids that are too old: no effect, every reader of them forgets first.
    pub(crate) fn forget_old_ids(&mut self, now_ms: i64) {
        if let Some(ids) = &mut self.idempotency {
            ids.forget_old(now_ms);
        }
    }

    fn idempotency_mut(&mut self) -> &mut Idempotency {
        self.idempotency.get_or_insert_with(|| Box::new(Idempotency::new(100, 100)))
    }

    /// A cursor may have been set above all entries; what is appended below it counts as passed.
    #[inline]
    fn pass_new_entry(&mut self, id: StreamId) {
        if id <= self.furthest_cursor {
            self.groups.values_mut().filter(|g| g.last_delivered >= id).for_each(|g| g.passed += 1);
        }
    }

    fn add_group(&mut self, name: &[u8], group: Group) {
        self.next_group = self.next_group().max(group.number.saturating_add(1));
        self.furthest_cursor = self.furthest_cursor.max(group.last_delivered);
        self.group_names.insert(name.into(), group.number);
        self.groups.insert(group.number, group);
    }

    fn trim(&mut self, first: StreamId, removed: u64) {
        self.log.trim(first, removed);
        for g in self.groups.values_mut() {
            // Everything trimmed lies below `first`: a cursor below it has nothing left behind it.
            g.passed = if g.last_delivered < first { 0 } else { g.passed.saturating_sub(removed) };
        }
    }

    fn delete_entry(&mut self, id: StreamId, first: StreamId) -> Result<()> {
        if !self.log.delete(id) {
            return Err(StorageError::corrupt("batch", format!("deletes entry {id}, which is not there")));
        }
        self.log.set_first(first);
        self.max_deleted = self.max_deleted.max(id);
        for g in self.groups.values_mut().filter(|g| g.last_delivered >= id) {
            g.passed = g.passed.saturating_sub(1);
        }
        Ok(())
    }

    /// Puts a pending entry back that was read from disk.
    pub(crate) fn restore_pending(
        &mut self,
        group: u32,
        id: StreamId,
        consumer: u32,
        delivered_ms: i64,
        deliveries: i64,
        order: u64,
    ) -> Result<()> {
        let g = self.group_mut(group)?;
        if consumer != pending::NOBODY && g.consumer(consumer).is_none() {
            return Err(StorageError::corrupt("pending entry", format!("{id} belongs to unknown consumer {consumer}")));
        }
        g.pending.restore(id, consumer, delivered_ms, deliveries, order);
        Ok(())
    }

    /// Considers nothing written: the stream gets a new identity, its records belong to the old one.
    pub(crate) fn forget_records(&mut self) {
        self.log.forget_records();
        self.dead_groups.clear();
        self.groups.values_mut().for_each(|g| g.pending.forget_records());
    }

    pub(crate) fn groups_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.groups.values_mut()
    }
}
