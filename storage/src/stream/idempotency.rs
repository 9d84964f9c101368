//! Idempotent producers: which (producer, idempotent id) stands for which entry, for a while.
//!
//! Owns the window: an id is forgotten when its entry is older than the duration, or when its producer has more than
//! the maximum. Old ids are looked for once a second at most, and no effect says so: after a restart they are back until
//! somebody looks. Must never know how ids are derived from contents.

use crate::id::StreamId;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How often ids that are too old are looked for.
const LOOK_EVERY_MS: i64 = 1000;

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
    looked_ms: i64,
}

impl Idempotency {
    /// Nothing recorded, with these limits.
    pub fn new(duration_s: u64, max_size: u64) -> Idempotency {
        Idempotency { duration_s, max_size, added: 0, duplicates: 0, producers: BTreeMap::new(), looked_ms: 0 }
    }

    /// The entry that `iid` of `producer` stands for.
    pub fn get(&self, producer: &[u8], iid: &[u8]) -> Option<StreamId> {
        self.producers.get(producer)?.entries.get(iid).copied()
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
    }

    /// Forgets everything if a limit changes.
    pub(crate) fn configure(&mut self, duration_s: u64, max_size: u64) {
        if (self.duration_s, self.max_size) != (duration_s, max_size) {
            self.producers.clear();
        }
        (self.duration_s, self.max_size) = (duration_s, max_size);
    }

    /// Forgets ids whose entries are too old, unless it did so a moment ago.
    pub(crate) fn forget_old(&mut self, now_ms: i64) {
        if now_ms < self.looked_ms.saturating_add(LOOK_EVERY_MS) && now_ms >= self.looked_ms {
            return;
        }
        self.looked_ms = now_ms;
        let window = i64::try_from(self.duration_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        let oldest = u64::try_from(now_ms.saturating_sub(window)).unwrap_or(0);
        self.producers.retain(|_, p| {
            let old =
                p.oldest_first.iter().take_while(|iid| p.entries.get(*iid).is_none_or(|id| id.ms <= oldest)).count();
            for iid in p.oldest_first.drain(..old) {
                p.entries.remove(&iid);
            }
            !p.entries.is_empty()
        });
    }

    /// Producers with at least one id.
    pub fn producers(&self) -> usize {
        self.producers.len()
    }

    /// Ids remembered.
    pub fn ids(&self) -> usize {
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
        state.forget_old(1999);
        assert_eq!(state.get(b"p", b"a"), Some(id(1000)));
        state.record(b"p", b"b", id(1500));
        state.record(b"p", b"c", id(1500));
        assert_eq!(state.get(b"p", b"a"), None, "the oldest of three");
        assert_eq!((state.producers(), state.ids(), state.added), (1, 2, 3));
        state.forget_old(2500);
        assert_eq!(state.ids(), 2, "it has just looked");
        state.forget_old(2999);
        assert_eq!((state.producers(), state.ids()), (0, 0));
    }

    #[test]
    fn an_id_that_comes_again_is_the_newest() {
        let mut state = Idempotency::new(1, 2);
        state.record(b"p", b"a", id(1000));
        state.record(b"p", b"b", id(1100));
        state.record(b"p", b"a", id(5000));
        state.record(b"p", b"c", id(5001));
        assert_eq!(state.get(b"p", b"a"), Some(id(5000)));
        assert_eq!(state.get(b"p", b"b"), None);
    }

    #[test]
    fn a_clock_that_goes_back_does_not_stop_the_looking() {
        let mut state = Idempotency::new(1, 10);
        state.record(b"p", b"a", id(1000));
        state.forget_old(1500);
        state.forget_old(500);
        state.forget_old(2000);
        assert_eq!(state.ids(), 0);
    }
}
