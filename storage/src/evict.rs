//! Keeping memory within its budget: clean chunks and clean objects are dropped, data never.

use crate::keyspace::object::Value;
use crate::store::Store;
use std::collections::VecDeque;

impl Store {
    /// Sealed chunks listed as being in memory; some may be gone with their stream.
    #[cfg(test)]
    pub(crate) fn resident_chunks(&self) -> usize {
        self.resident.len()
    }

    /// Drops the oldest chunks from memory until at most `keep` are left; chunks that are not on disk stay.
    /// Returns the bytes that freed. Looks at no more than `limit` chunks.
    pub fn evict_chunks(&mut self, keep: usize, limit: usize) -> usize {
        let mut freed = 0;
        for _ in 0..limit.min(self.resident.len()) {
            if self.resident.len() <= keep {
                break;
            }
            let Some((db, slot, uid, ordinal)) = self.resident.pop_front() else { break };
            let completed = self.completed_epoch;
            let object = self.databases[db as usize].object_mut(slot).filter(|o| o.uid == uid);
            let Some(Value::Stream(stream)) = object.map(|o| &mut o.value) else { continue };
            if !stream.log.is_settled(ordinal, completed) {
                if stream.log.holds(ordinal) {
                    self.resident.push_back((db, slot, uid, ordinal));
                }
                continue;
            }
            freed += stream.log.evict(ordinal);
        }
        freed
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
            let old = self.database(db).object(slot).is_some_and(|o| o.used_ms < before_ms);
            if old {
                freed += self.evict_object(db, slot);
            }
            slot += 1;
        }
        (freed, (db, slot))
    }

    fn evict_object(&mut self, db: u32, slot: u32) -> usize {
        let Some(hash) = self.database(db).object(slot).map(|o| o.hash) else { return 0 };
        let bytes = self.db_mut(db).evict(slot);
        if bytes > 0 {
            // The slot may become another key's within the same batch.
            self.batch.deselect();
            self.evicted.note(hash);
        }
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

    /// Whether a key with this hash was, or may have been, dropped after the first `total` evictions.
    pub(crate) fn since(&self, total: u64, hash: u64) -> bool {
        let newer = self.total.saturating_sub(total);
        newer > self.recent.len() as u64 || self.recent.iter().rev().take(newer as usize).any(|h| *h == hash)
    }
}
