//! The pending entries of one group: delivered, not yet acknowledged.
//!
//! Three orders, kept together: by id (acknowledge, range), by consumer (its history), by the time an entry falls due
//! (claims, and later retries, delays, leases). Must never know: entries' contents, the journal.

use crate::id::StreamId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The consumer of an entry that nobody owns (after XNACK).
pub const NOBODY: u32 = 0;

/// One delivered entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The owner's number in its group; [`NOBODY`] = released.
    pub consumer: u32,
    /// Unix time of the last delivery in milliseconds; 0 = due at once.
    pub delivered_ms: i64,
    /// Deliveries so far.
    pub deliveries: i64,
    /// Place among entries of the same time, in order of arrival.
    pub(crate) order: u64,
    /// A record of it is on disk.
    pub(crate) stored: bool,
    /// It changed since that record was written.
    pub(crate) dirty: bool,
}

/// All pending entries of a group.
#[derive(Clone, Debug, Default)]
pub struct PendingList {
    by_id: BTreeMap<StreamId, Pending>,
    by_due: BTreeSet<(i64, u64, StreamId)>,
    by_consumer: HashMap<u32, BTreeSet<StreamId>>,
    next_order: u64,
    /// Entries with a record on disk that were removed since.
    gone: Vec<StreamId>,
    /// Every entry that is dirty, and perhaps others: those that were removed stay until there are many.
    dirty: Vec<StreamId>,
}

/// Ids in `dirty` beyond two for every pending entry, before those of removed entries are taken out.
const STALE: usize = 1024;

impl PendingList {
    /// Number of pending entries.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The pending entry `id`.
    pub fn get(&self, id: StreamId) -> Option<&Pending> {
        self.by_id.get(&id)
    }

    /// Pending entries with an id in `start..=end`, ascending.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl DoubleEndedIterator<Item = (StreamId, &Pending)> {
        let bounds = (start <= end).then_some(start..=end);
        bounds.into_iter().flat_map(|b| self.by_id.range(b)).map(|(id, p)| (*id, p))
    }

    /// All pending entries, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (StreamId, &Pending)> {
        self.by_id.iter().map(|(id, p)| (*id, p))
    }

    /// Ids pending for `consumer` in `start..=end`, ascending.
    pub fn of_consumer(&self, consumer: u32, start: StreamId, end: StreamId) -> impl Iterator<Item = StreamId> + '_ {
        let ids = self.by_consumer.get(&consumer).filter(|_| start <= end);
        ids.into_iter().flat_map(move |ids| ids.range(start..=end)).copied()
    }

    /// How many entries are pending for `consumer`.
    pub fn count_of(&self, consumer: u32) -> usize {
        self.by_consumer.get(&consumer).map_or(0, BTreeSet::len)
    }

    /// All pending entries in the order they fall due: released ones first, then the longest idle.
    pub fn by_due(&self) -> impl Iterator<Item = (StreamId, &Pending)> {
        self.by_due.iter().filter_map(|(_, _, id)| self.by_id.get(id).map(|p| (*id, p)))
    }

    /// Time of the delivery that falls due first.
    pub fn earliest_due(&self) -> Option<i64> {
        self.by_due.first().map(|(ms, _, _)| *ms)
    }

    /// Time of the first delivery after `ms`.
    pub fn next_delivered_after(&self, ms: i64) -> Option<i64> {
        let from = (ms.saturating_add(1), 0, StreamId::MIN);
        self.by_due.range(from..).next().map(|(ms, _, _)| *ms)
    }

    /// The smallest and the largest pending id.
    pub fn bounds(&self) -> Option<(StreamId, StreamId)> {
        Some((*self.by_id.first_key_value()?.0, *self.by_id.last_key_value()?.0))
    }

    /// Inserts or replaces the pending entry `id`.
    pub fn put(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        if !self.put_at(self.next_order, id, consumer, delivered_ms, deliveries) {
            self.note_dirty(id);
        }
    }

    fn note_dirty(&mut self, id: StreamId) {
        self.dirty.push(id);
        if self.dirty.len() > 2 * self.by_id.len() + STALE {
            self.dirty.sort_unstable();
            self.dirty.dedup();
            let by_id = &self.by_id;
            self.dirty.retain(|id| by_id.get(id).is_some_and(|p| p.dirty));
        }
    }

    /// Whether an entry was there that was dirty already.
    fn put_at(&mut self, order: u64, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) -> bool {
        self.next_order = self.next_order.max(order.saturating_add(1));
        let mut was_dirty = false;
        let mut new = Pending { consumer, delivered_ms, deliveries, order, stored: false, dirty: true };
        if let Some(old) = self.by_id.get(&id).copied() {
            (new.stored, was_dirty) = (old.stored, old.dirty);
            self.by_due.remove(&(old.delivered_ms, old.order, id));
            if old.consumer != consumer {
                self.forget_owner(old.consumer, id);
                self.by_consumer.entry(consumer).or_default().insert(id);
            }
        } else {
            self.by_consumer.entry(consumer).or_default().insert(id);
        }
        self.by_id.insert(id, new);
        self.by_due.insert((delivered_ms, order, id));
        was_dirty
    }

    /// Removes the pending entry `id`.
    pub fn remove(&mut self, id: StreamId) -> Option<Pending> {
        let old = self.by_id.remove(&id)?;
        self.by_due.remove(&(old.delivered_ms, old.order, id));
        self.forget_owner(old.consumer, id);
        if old.stored {
            self.gone.push(id);
        }
        Some(old)
    }

    fn forget_owner(&mut self, consumer: u32, id: StreamId) {
        if let Some(ids) = self.by_consumer.get_mut(&consumer) {
            ids.remove(&id);
            if ids.is_empty() {
                self.by_consumer.remove(&consumer);
            }
        }
    }

    /// Puts an entry back that was read from disk, in its old place: later ones must not come before it.
    pub(crate) fn restore(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64, order: u64) {
        self.put_at(order, id, consumer, delivered_ms, deliveries);
        if let Some(p) = self.by_id.get_mut(&id) {
            (p.stored, p.dirty) = (true, false);
        }
    }

    /// Hands out up to `limit` entries that differ from their records on disk (`None`: there must be no record), and
    /// considers them written; whether that were all.
    pub(crate) fn drain_dirty(&mut self, limit: usize, mut write: impl FnMut(StreamId, Option<&Pending>)) -> bool {
        let deleted = limit.min(self.gone.len());
        for id in self.gone.drain(self.gone.len() - deleted..) {
            if !self.by_id.contains_key(&id) {
                write(id, None);
            }
        }
        let put = (limit - deleted).min(self.dirty.len());
        for id in self.dirty.drain(self.dirty.len() - put..) {
            if let Some(p) = self.by_id.get_mut(&id).filter(|p| p.dirty) {
                write(id, Some(p));
                (p.stored, p.dirty) = (true, false);
            }
        }
        self.gone.is_empty() && self.dirty.is_empty()
    }

    /// Whether anything of it may be on disk.
    pub(crate) fn has_records(&self) -> bool {
        !self.gone.is_empty() || self.by_id.values().any(|p| p.stored)
    }

    /// Considers nothing written.
    pub(crate) fn forget_records(&mut self) {
        self.gone.clear();
        self.dirty = self.by_id.keys().copied().collect();
        self.by_id.values_mut().for_each(|p| (p.stored, p.dirty) = (false, true));
    }

    /// Bytes of memory, about: an entry stands in three ordered sets.
    pub fn memory(&self) -> usize {
        self.by_id.len() * 160
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> StreamId {
        StreamId::new(ms, 0)
    }

    #[test]
    fn three_orders_agree_after_moves() {
        let mut list = PendingList::default();
        list.put(id(1), 1, 100, 1);
        list.put(id(2), 1, 100, 1);
        list.put(id(3), 2, 50, 1);
        list.put(id(1), 2, 200, 2);
        list.put(id(2), NOBODY, 0, 1);
        assert_eq!(list.by_due().map(|(i, _)| i.ms).collect::<Vec<_>>(), [2, 3, 1]);
        assert_eq!(list.of_consumer(2, StreamId::MIN, StreamId::MAX).map(|i| i.ms).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(list.count_of(1), 0);
        assert_eq!(list.remove(id(3)).map(|p| p.consumer), Some(2));
        assert_eq!(list.len(), 2);
        assert_eq!(list.by_due().count(), 2);
    }

    #[test]
    fn what_lives_briefly_never_reaches_the_disk() {
        let mut list = PendingList::default();
        list.put(id(1), 1, 100, 1);
        list.remove(id(1));
        list.put(id(2), 1, 100, 1);
        let (mut puts, mut deletes) = (vec![], vec![]);
        let drain = |list: &mut PendingList, puts: &mut Vec<_>, deletes: &mut Vec<_>, limit| {
            list.drain_dirty(limit, |i, p| if p.is_some() { puts.push(i) } else { deletes.push(i) })
        };
        drain(&mut list, &mut puts, &mut deletes, usize::MAX);
        assert_eq!((puts.as_slice(), deletes.as_slice()), (&[id(2)][..], &[][..]));
        list.remove(id(2));
        drain(&mut list, &mut puts, &mut deletes, usize::MAX);
        assert_eq!(deletes, [id(2)]);
        assert!(list.drain_dirty(usize::MAX, |_, _| panic!("clean")));
    }

    #[test]
    fn only_what_is_dirty_is_looked_at_and_in_parts() {
        let mut list = PendingList::default();
        (1..=10_000).for_each(|ms| list.put(id(ms), 1, 100, 1));
        let mut parts = 1;
        while !list.drain_dirty(1000, |_, _| {}) {
            parts += 1;
        }
        assert!((10..=11).contains(&parts), "{parts}");
        list.put(id(77), 2, 100, 1);
        list.put(id(77), 3, 100, 1);
        assert_eq!(list.dirty, [id(77)]);
        // What comes and goes between two checkpoints does not pile up.
        for ms in 20_000..200_000 {
            list.put(id(ms), 1, 100, 1);
            list.remove(id(ms));
        }
        assert!(list.dirty.len() <= 2 * list.len() + STALE + 1, "{}", list.dirty.len());
        let mut written = Vec::new();
        assert!(list.drain_dirty(usize::MAX, |id, p| written.push((id, p.is_some()))));
        assert_eq!(written, [(id(77), true)]);
    }
}
