//! Idempotent producers: which (producer, idempotent id) stands for which entry, for a while.
//!
//! Owns the window: an id is forgotten when its entry is older than the duration, or when its producer has more than
//! the maximum. Must never know how ids are derived from contents.

use crate::id::StreamId;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Ids recorded between two looks for producers that are silent for so long that all their ids are too old.
const SWEEP_EVERY: u64 = 256;

/// One producer's recent ids.
#[derive(Clone, Debug, Default)]
struct Producer {
    entries: HashMap<Box<[u8]>, StreamId>,
    oldest_first: VecDeque<Box<[u8]>>,
}

/// The idempotency state of a stream.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// Seconds an id is remembered.
    pub duration_s: u64,
    /// Ids remembered for each producer.
    pub max_size: u64,
    /// Ids recorded ever.
    pub added: u64,
    /// Duplicates recognised ever.
    pub duplicates: u64,
    producers: BTreeMap<Box<[u8]>, Producer>,
}

impl Idempotency {
    /// Nothing recorded, with these limits.
    pub fn new(duration_s: u64, max_size: u64) -> Idempotency {
        Idempotency { duration_s, max_size, added: 0, duplicates: 0, producers: BTreeMap::new() }
    }

    /// The entry that `iid` of `producer` stands for.
    pub fn get(&self, producer: &[u8], iid: &[u8], now_ms: i64) -> Option<StreamId> {
        let id = *self.producers.get(producer)?.entries.get(iid)?;
        (!self.expired(id, now_ms)).then_some(id)
    }

    fn expired(&self, id: StreamId, now_ms: i64) -> bool {
        let window = i64::try_from(self.duration_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        i64::try_from(id.ms).unwrap_or(i64::MAX) <= now_ms.saturating_sub(window)
    }

    /// Records an id; a producer that has too many loses its oldest.
    pub(crate) fn record(&mut self, producer: &[u8], iid: &[u8], id: StreamId) {
        let p = self.producers.entry(producer.into()).or_default();
        if p.entries.insert(iid.into(), id).is_some() {
            p.oldest_first.retain(|known| known[..] != *iid);
        }
        p.oldest_first.push_back(iid.into());
        while p.oldest_first.len() as u64 > self.max_size {
            if let Some(old) = p.oldest_first.pop_front() {
                p.entries.remove(&old);
            }
        }
        self.added += 1;
        if self.added.is_multiple_of(SWEEP_EVERY) {
            // The new entry's id is the clock here, so that a replay forgets the same ones.
            self.sweep(i64::try_from(id.ms).unwrap_or(i64::MAX));
        }
    }

    /// Forgets everything if a limit changes.
    pub(crate) fn configure(&mut self, duration_s: u64, max_size: u64) {
        if (self.duration_s, self.max_size) != (duration_s, max_size) {
            self.producers.clear();
        }
        (self.duration_s, self.max_size) = (duration_s, max_size);
    }

    /// Forgets ids whose entries are too old.
    fn sweep(&mut self, now_ms: i64) {
        let window = i64::try_from(self.duration_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let oldest = now_ms.saturating_sub(window);
        self.producers.retain(|_, p| {
            while let Some(iid) = p.oldest_first.front() {
                let old = p.entries.get(iid).is_none_or(|id| i64::try_from(id.ms).unwrap_or(i64::MAX) <= oldest);
                if !old {
                    break;
                }
                if let Some(iid) = p.oldest_first.pop_front() {
                    p.entries.remove(&iid);
                }
            }
            !p.entries.is_empty()
        });
    }

    /// Producers and ids that are still remembered.
    pub fn tracked(&self, now_ms: i64) -> (usize, usize) {
        let alive = |p: &Producer| p.entries.values().filter(|id| !self.expired(**id, now_ms)).count();
        let counts: Vec<usize> = self.producers.values().map(alive).filter(|n| *n > 0).collect();
        (counts.len(), counts.iter().sum())
    }

    /// Ids held, also those that are too old.
    pub(crate) fn ids(&self) -> usize {
        self.producers.values().map(|p| p.entries.len()).sum()
    }

    /// All ids, oldest first for each producer.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8], StreamId)> {
        self.producers.iter().flat_map(|(name, p)| {
            p.oldest_first.iter().filter_map(|iid| Some((&name[..], &iid[..], *p.entries.get(iid)?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> StreamId {
        StreamId::new(ms, 0)
    }

    #[test]
    fn an_id_is_forgotten_by_age_and_by_number() {
        let mut state = Idempotency::new(1, 2);
        state.record(b"p", b"a", id(1000));
        assert_eq!(state.get(b"p", b"a", 1999), Some(id(1000)));
        assert_eq!(state.get(b"p", b"a", 2000), None);
        assert_eq!(state.tracked(2000), (0, 0));
        state.record(b"p", b"b", id(1500));
        state.record(b"p", b"c", id(1500));
        assert_eq!(state.get(b"p", b"a", 1600), None, "the oldest of three");
        assert_eq!((state.tracked(1600), state.added), ((1, 2), 3));
    }

    #[test]
    fn an_id_that_comes_again_is_the_newest() {
        let mut state = Idempotency::new(1, 2);
        state.record(b"p", b"a", id(1000));
        state.record(b"p", b"b", id(1100));
        state.record(b"p", b"a", id(5000));
        state.record(b"p", b"c", id(5001));
        assert_eq!(state.get(b"p", b"a", 5002), Some(id(5000)));
        assert_eq!(state.get(b"p", b"b", 1101), None);
    }

    #[test]
    fn silent_producers_do_not_pile_up() {
        let mut state = Idempotency::new(1, 10);
        for ms in 0..10_000u64 {
            state.record(format!("producer {ms}").as_bytes(), b"i", id(ms * 10));
        }
        assert!(state.ids() < 1000, "{}", state.ids());
    }
}
