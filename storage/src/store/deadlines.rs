//! Deadlines: setting them, and deleting the keys whose deadline has passed. Must never know clocks: the time is given.

use super::{Class, Key, Store};
use crate::batch::Effect;
use crate::keyspace::Database;
use crate::load::{Loaded, Missing};

impl Store {
    /// Deletes a key whose deadline has passed.
    pub(crate) fn expire(&mut self, key: Key) {
        self.stats.expired_keys += 1;
        self.notify_key(Class::EXPIRED, "expired", key);
        self.touch_over(key);
        self.drop_key(key);
    }

    /// Takes away up to `limit` fields of hashes, and deletes up to `limit` keys, whose deadline has passed; those that are
    /// only on disk are passed over and left to [`Store::expired_cold`]. Looks at a bounded number of them and goes on
    /// behind it the next time.
    pub fn sweep_expired(&mut self, now_ms: i64, limit: usize) -> usize {
        let fields = self.sweep_fields(now_ms, limit);
        let mut swept = 0;
        for db in 0..self.databases() {
            for hash in self.db_mut(db).next_overdue(now_ms, limit.saturating_sub(swept)) {
                swept += self.expire_hash(db, hash, now_ms);
            }
        }
        fields + swept
    }

    /// Deletes the keys with this hash that are in memory and whose deadline has passed.
    fn expire_hash(&mut self, db: u32, hash: u64, now_ms: i64) -> usize {
        let slots: Vec<u32> = self.database(db).overdue(hash, now_ms).collect();
        slots.iter().for_each(|slot| self.expire(Key { db, slot: *slot }));
        slots.len()
    }

    /// Up to `limit` keys of a database whose deadline has passed and that are only on disk: load them, and
    /// [`Store::install_expired`] deletes them.
    pub fn expired_cold(&self, now_ms: i64, limit: usize) -> Option<Missing> {
        (0..self.databases()).find_map(|db| {
            let database = self.database(db);
            let due = database.deadlines.range(..=(now_ms.max(0) as u64, u64::MAX)).take(LOOKED);
            let cold = due.map(|(_, hash)| *hash).filter(|hash| database.cold(*hash) > 0);
            let hashes: Vec<u64> = cold.take(limit).collect();
            (!hashes.is_empty()).then(|| Missing::keys(db, database.physical, hashes, self))
        })
    }

    /// Puts what was loaded for [`Store::expired_cold`] in its place and deletes those of it whose deadline has passed.
    pub fn install_expired(&mut self, loaded: Loaded, now_ms: i64) -> usize {
        let keys = loaded.keys();
        self.install(loaded);
        let Some((db, hashes)) = keys else { return 0 };
        hashes.into_iter().map(|hash| self.expire_hash(db, hash, now_ms)).sum()
    }

    /// Sets or takes away the deadline of a key.
    pub fn set_deadline(&mut self, key: Key, at_ms: Option<u64>) {
        self.touch_key(key);
        self.record_for(key, &Effect::Deadline { at_ms });
        self.db_mut(key.db).set_deadline(key.slot, at_ms);
        self.db_mut(key.db).mark_dirty(key.slot);
        self.signal_key(key);
    }
}

/// Deadlines looked at in one sweep of a database, about a millisecond's worth.
const LOOKED: usize = 8192;

impl Database {
    /// Slots of keys with this hash that are in memory and whose deadline has passed.
    fn overdue(&self, hash: u64, now_ms: i64) -> impl Iterator<Item = u32> + '_ {
        self.names.find(hash).filter(move |slot| self.object(*slot).is_some_and(|o| o.is_over(now_ms)))
    }

    /// Hashes of up to `limit` keys in memory whose deadline has passed. The search begins where the last one ended:
    /// however many keys that are only on disk stand in front, it comes past them.
    fn next_overdue(&mut self, now_ms: i64, limit: usize) -> Vec<u64> {
        let end = (now_ms.max(0) as u64, u64::MAX);
        let start = self.sweep_from.min(end);
        let in_turn = self.deadlines.range(start..=end).chain(self.deadlines.range(..start));
        let mut found = Vec::new();
        let mut reached = start;
        for place in in_turn.take(LOOKED) {
            if found.len() == limit {
                break;
            }
            reached = *place;
            if self.overdue(place.1, now_ms).next().is_some() {
                found.push(place.1);
            }
        }
        self.sweep_from = reached;
        found
    }
}
