//! Deadlines: setting them, and deleting the keys whose deadline has passed. Must never know clocks: the time is given.

use super::{Key, Store};
use crate::batch::Effect;
use crate::load::Missing;

impl Store {
    /// Deletes a key whose deadline has passed.
    pub(crate) fn expire(&mut self, key: Key) {
        self.stats.expired_keys += 1;
        self.delete(key);
    }

    /// Deletes up to `limit` keys whose deadline has passed; those that are only on disk are left to
    /// [`Store::expired_cold`].
    pub fn sweep_expired(&mut self, now_ms: i64, limit: usize) -> usize {
        let mut swept = 0;
        for db in 0..self.databases() {
            let due = ..=(now_ms.max(0) as u64, u64::MAX);
            let hashes: Vec<u64> = self
                .database(db)
                .deadlines
                .range(due)
                .take(limit.saturating_sub(swept))
                .map(|(_, hash)| *hash)
                .collect();
            for hash in hashes {
                let slots: Vec<u32> = self.database(db).names.find(hash).collect();
                for slot in slots {
                    let overdue = |d: u64| d as i64 <= now_ms;
                    if self.database(db).object(slot).and_then(|o| o.deadline_ms).is_some_and(overdue) {
                        self.expire(Key { db, slot });
                        swept += 1;
                    }
                }
            }
        }
        swept + self.sweep_fields(now_ms, limit.saturating_sub(swept))
    }

    /// One key whose deadline has passed and that is only on disk: load it, and the next sweep deletes it.
    pub fn expired_cold(&self, now_ms: i64) -> Option<Missing> {
        (0..self.databases()).find_map(|db| {
            let database = self.database(db);
            let (deadline, hash) = *database.deadlines.first()?;
            (deadline as i64 <= now_ms && database.cold(hash) > 0).then(|| self.missing_key(db, hash))
        })
    }

    /// Sets or takes away the deadline of a key.
    pub fn set_deadline(&mut self, key: Key, at_ms: Option<u64>) {
        self.record_for(key, &Effect::Deadline { at_ms });
        self.db_mut(key.db).set_deadline(key.slot, at_ms);
        self.db_mut(key.db).mark_dirty(key.slot);
    }
}
