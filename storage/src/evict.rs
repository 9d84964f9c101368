//! Keeping memory within its budget: clean chunks and clean objects are dropped, data never.

use crate::keyspace::object::{Object, Value};
use crate::store::{Key, Store};
use crate::stream::log::Log;
use std::collections::{HashSet, VecDeque};

/// Places of chunks in memory, oldest first. A place may be stale: its chunk was trimmed, or its stream is gone.
#[derive(Debug, Default)]
pub(crate) struct Resident {
    places: VecDeque<Place>,
    /// How many there were when stale ones were last taken out.
    swept: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    key: Key,
    uid: u64,
    ordinal: u64,
}

/// Stale places that may pile up beside as many as there were after the last sweep.
const STALE: usize = 1024;

impl Resident {
    /// Two databases change their places.
    pub(crate) fn swap(&mut self, a: u32, b: u32) {
        for Place { key, .. } in &mut self.places {
            key.db = match key.db {
                db if db == a => b,
                db if db == b => a,
                db => db,
            };
        }
    }
}

impl Store {
    /// Sealed chunks listed as being in memory; some may be gone with their stream.
    #[cfg(test)]
    pub(crate) fn resident_chunks(&self) -> usize {
        self.resident.places.len()
    }

    /// Bytes of sealed chunks in memory.
    pub fn chunk_bytes(&self) -> usize {
        self.databases.iter().map(|database| database.chunk_bytes).sum()
    }

    /// Lists a chunk that is in memory now, so that it can be dropped later.
    pub(crate) fn list_chunk(&mut self, key: Key, uid: u64, ordinal: u64) {
        if self.volatile {
            return;
        }
        self.resident.places.push_back(Place { key, uid, ordinal });
        if self.resident.places.len() > self.resident.swept.saturating_mul(2) + STALE {
            self.sweep_places();
        }
    }

    /// Takes stale places out. Costs as much as was listed since the last time.
    fn sweep_places(&mut self) {
        let mut places = std::mem::take(&mut self.resident.places);
        // A stream whose last id was set back may have the same place twice.
        let mut seen = HashSet::with_capacity(places.len());
        places.retain(|place| {
            self.log_of(place).is_some_and(|log| log.holds(place.ordinal)) && seen.insert((place.uid, place.ordinal))
        });
        self.resident = Resident { swept: places.len(), places };
    }

    fn log_of(&self, place: &Place) -> Option<&Log> {
        let object =
            self.databases.get(place.key.db as usize)?.object(place.key.slot).filter(|o| o.uid == place.uid)?;
        match &object.value {
            Value::Stream(stream) => Some(&stream.log),
            _ => None,
        }
    }

    /// Drops the oldest chunks from memory until at most `keep` bytes of them are left; chunks that are not on disk
    /// stay. Returns the bytes that freed. Looks at no more than `limit` chunks.
    pub fn evict_chunks(&mut self, keep: usize, limit: usize) -> usize {
        let (held, completed) = (self.chunk_bytes(), self.completed_epoch);
        let mut freed = 0;
        for _ in 0..limit.min(self.resident.places.len()) {
            let Some(place) = self.resident.places.pop_front() else { break };
            let Some(log) = self.log_of(&place).filter(|log| log.holds(place.ordinal)) else { continue };
            if held - freed <= keep {
                self.resident.places.push_front(place);
                break;
            }
            if !log.is_settled(place.ordinal, completed) {
                self.resident.places.push_back(place);
                continue;
            }
            freed += self.evict_chunk(&place);
        }
        freed
    }

    fn evict_chunk(&mut self, place: &Place) -> usize {
        let freed = self.db_mut(place.key.db).with_chunks(place.key.slot, |object| match &mut object.value {
            Value::Stream(stream) => stream.log.evict(place.ordinal),
            _ => 0,
        });
        freed.unwrap_or(0)
    }

    /// Drops clean objects that were not used since `before_ms` from memory until `target` bytes are free.
    /// Looks at `limit` slots from `from` on; returns bytes freed and where to go on (database, slot).
    pub fn evict_objects(
        &mut self,
        from: (u32, u32),
        limit: usize,
        before_ms: i64,
        target: usize,
    ) -> (usize, (u32, u32)) {
        let (mut db, mut slot) = from;
        let mut freed = 0;
        if self.gathering {
            return (0, from);
        }
        for _ in 0..limit {
            if freed >= target {
                break;
            }
            if slot as usize >= self.databases[db as usize].objects.len() {
                (db, slot) = ((db + 1) % self.databases(), 0);
                continue;
            }
            // What was used at a time that is still to come was used before the clock was set back: long ago, perhaps.
            let unused = |o: &Object| o.used_ms < before_ms || o.used_ms > self.now_ms;
            let old = self.database(db).object(slot).is_some_and(unused);
            if old {
                freed += self.evict_object(db, slot);
            }
            slot += 1;
        }
        (freed, (db, slot))
    }

    fn evict_object(&mut self, db: u32, slot: u32) -> usize {
        let Some(object) = self.db_mut(db).evict(slot) else { return 0 };
        // The slot may become another key's within the same batch.
        self.batch.deselect();
        self.evicted.note(object.hash);
        let bytes = object.memory();
        self.bury(*object);
        bytes
    }
}

/// Which objects were dropped from memory of late, so that a load can tell whether what it read may be out of date.
#[derive(Debug, Default)]
pub(crate) struct Evicted {
    total: u64,
    recent: VecDeque<u64>,
}

/// Evictions remembered. A load during which more happened is read again.
const REMEMBERED: usize = 1 << 16;

impl Evicted {
    fn note(&mut self, hash: u64) {
        self.total += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(hash);
    }

    /// How many there were so far.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Which of `hashes` (ascending) were dropped after the first `total` evictions; `None` if so many were that nobody
    /// remembers.
    pub(crate) fn since(&self, total: u64, hashes: &[u64]) -> Option<HashSet<u64>> {
        let newer = usize::try_from(self.total.saturating_sub(total)).ok().filter(|n| *n <= self.recent.len())?;
        let recent = self.recent.iter().rev().take(newer);
        Some(recent.filter(|hash| hashes.binary_search(hash).is_ok()).copied().collect())
    }
}
