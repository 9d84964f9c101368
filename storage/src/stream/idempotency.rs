//! Idempotent producers: which (producer, idempotent id) stands for which entry, for a while.
//!
//! Owns the window: an id is forgotten when its entry is older than the duration, or when its producer has more than
//! the maximum. Must never know how ids are derived from contents.

use crate::id::StreamId;
use std::collections::{BTreeMap, HashMap, VecDeque};

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
        if p.entries.insert(iid.into(), id).is_none() {
            p.oldest_first.push_back(iid.into());
            self.added += 1;
        }
        while p.oldest_first.len() as u64 > self.max_size {
            if let Some(old) = p.oldest_first.pop_front() {
                p.entries.remove(&old);
            }
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
    pub fn sweep(&mut self, now_ms: i64) {
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
