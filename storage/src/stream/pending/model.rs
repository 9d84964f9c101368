//! The plain list that the packed one is compared with: sets of the standard library, and the records on disk.

use super::*;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of an entry: consumer, delivered, deliveries, order.
pub type Known = (u32, i64, i64, u64);

#[derive(Clone, Default)]
pub struct Model {
    pub by_id: BTreeMap<StreamId, Known>,
    /// Released ones and owned ones.
    pub by_time: [BTreeSet<(i64, u64, StreamId)>; 2],
    pub next_order: u64,
    /// What the list says is on disk.
    pub records: BTreeMap<StreamId, Known>,
}

pub fn known(p: &Pending) -> Known {
    (p.consumer, p.delivered_ms, p.deliveries, p.order)
}

impl Model {
    pub fn put(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        self.put_at(self.next_order, id, consumer, delivered_ms, deliveries);
    }

    pub fn put_at(&mut self, order: u64, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        self.next_order = self.next_order.max(order + 1);
        self.remove(id);
        self.by_id.insert(id, (consumer, delivered_ms, deliveries, order));
        self.by_time[usize::from(consumer != NOBODY)].insert((delivered_ms, order, id));
    }

    pub fn remove(&mut self, id: StreamId) {
        if let Some((consumer, delivered_ms, _, order)) = self.by_id.remove(&id) {
            self.by_time[usize::from(consumer != NOBODY)].remove(&(delivered_ms, order, id));
        }
    }

    pub fn is_taken(&self, consumer: u32, delivered_ms: i64, order: u64) -> bool {
        let by_time = &self.by_time[usize::from(consumer != NOBODY)];
        by_time.range((delivered_ms, order, StreamId::MIN)..=(delivered_ms, order, StreamId::MAX)).next().is_some()
    }

    pub fn of_consumer(&self, consumer: u32) -> Vec<StreamId> {
        self.by_id.iter().filter(|(_, k)| k.0 == consumer).map(|(id, _)| *id).collect()
    }

    /// Lets the list write up to `limit` changes; whether these were all.
    pub fn drain(&mut self, list: &mut PendingList, limit: usize) -> bool {
        let mut written = 0;
        let all = list.drain_dirty(limit, |id, pending| {
            written += 1;
            match pending {
                Some(p) => {
                    assert_eq!(self.by_id.get(&id), Some(&known(p)), "{id} is written as it is");
                    self.records.insert(id, known(p));
                }
                None => assert!(self.records.remove(&id).is_some(), "{id} never reached the disk"),
            }
        });
        assert!(written <= limit);
        if all {
            assert_eq!(self.records, self.by_id, "the disk has what is pending");
        }
        all
    }

    /// Every question has one answer.
    pub fn compare(&self, list: &PendingList, consumers: u32) {
        let all: Vec<(StreamId, Known)> = self.by_id.iter().map(|(id, k)| (*id, *k)).collect();
        let seen = |(id, p): (StreamId, Pending)| (id, known(&p));
        assert_eq!(list.iter().map(seen).collect::<Vec<_>>(), all);
        let mut down: Vec<_> = list.range(StreamId::MIN, StreamId::MAX).rev().map(seen).collect();
        down.reverse();
        assert_eq!(down, all);
        assert_eq!((list.len(), list.is_empty()), (all.len(), all.is_empty()));
        assert_eq!(list.bounds(), all.first().map(|(first, _)| (*first, all[all.len() - 1].0)));
        let [released, owned] = &self.by_time;
        let due = |of: &BTreeSet<(i64, u64, StreamId)>| of.iter().map(|(_, _, id)| *id).collect::<Vec<_>>();
        assert_eq!(list.released(i64::MAX).map(|(id, _)| id).collect::<Vec<_>>(), due(released));
        assert_eq!(list.delivered_until(i64::MAX).map(|(id, _)| id).collect::<Vec<_>>(), due(owned));
        assert_eq!(list.owned(), owned.len());
        for consumer in 0..consumers {
            let own = self.of_consumer(consumer);
            assert_eq!(list.count_of(consumer), own.len());
            assert_eq!(list.of_consumer(consumer, StreamId::MIN, StreamId::MAX).collect::<Vec<_>>(), own);
        }
        assert_eq!(list.has_records(), !self.records.is_empty());
        list.assert_sound();
    }

    /// Questions about the stretch between two ids.
    pub fn compare_between(&self, list: &PendingList, one: StreamId, other: StreamId, consumer: u32) {
        let (start, end) = (one.min(other), one.max(other));
        let ids: Vec<StreamId> = self.by_id.range(start..=end).map(|(id, _)| *id).collect();
        assert_eq!(list.range(start, end).map(|(id, _)| id).collect::<Vec<_>>(), ids);
        let (mut both, mut met) = (list.range(start, end), (Vec::new(), Vec::new()));
        while let Some((id, _)) = both.next() {
            met.0.push(id);
            met.1.extend(both.next_back().map(|(id, _)| id));
        }
        met.0.extend(met.1.into_iter().rev());
        assert_eq!(met.0, ids, "from both ends");
        let own: Vec<StreamId> = ids.into_iter().filter(|id| self.by_id[id].0 == consumer).collect();
        assert_eq!(list.of_consumer(consumer, start, end).collect::<Vec<_>>(), own);
        assert_eq!(list.range(end, start).count(), usize::from(start == end && self.by_id.contains_key(&start)));
        assert_eq!(list.get(start).map(|p| known(&p)), self.by_id.get(&start).copied());
        if let Some((ms, ..)) = self.by_id.get(&start).map(|k| (k.1, k.3)) {
            let [released, owned] = &self.by_time;
            let next = |of: &BTreeSet<(i64, u64, StreamId)>| of.iter().find(|d| d.0 > ms).map(|d| d.0);
            assert_eq!(list.next_released_after(ms), next(released));
            assert_eq!(list.next_delivered_after(ms), next(owned));
            let until: Vec<StreamId> = owned.iter().take_while(|d| d.0 <= ms).map(|d| d.2).collect();
            assert_eq!(list.delivered_until(ms).map(|(id, _)| id).collect::<Vec<_>>(), until);
        }
    }
}

impl PendingList {
    /// Its tables count what they have.
    fn assert_sound(&self) {
        self.by_id.assert_sound();
        self.by_delivery.assert_sound();
        self.by_release.assert_sound();
        self.by_consumer.values().for_each(Table::assert_sound);
        let owned: usize = self.by_consumer.values().map(Table::len).sum();
        assert_eq!((self.by_delivery.len() + self.by_release.len(), owned), (self.len(), self.len()));
        assert_eq!(self.stored, self.iter().filter(|(_, p)| p.stored).count());
    }
}
