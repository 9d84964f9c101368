//! Tokens and leases.
//!
//! A **token** is the uid of a string that was made where there was none, to last for a while (SET NX PX). Uids rise over all
//! databases, are never used again and outlive a restart, so tokens do, too, and nothing has to be kept of keys that are gone. The
//! string has it as long as it is the same string: another value takes it away. Must never know: clocks, connections.

use super::{Key, Store};
use crate::batch::Effect;
use crate::keyspace::lease::{Lease, Placed};
use bytes::Bytes;

impl Store {
    /// Makes `name` this string with a token of its own, replacing what was there; `old` is what [`Store::find`] answered.
    pub fn mint_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        value: Bytes,
        deadline_ms: Option<u64>,
    ) -> Key {
        self.touch(db, name);
        let uid = self.new_uid();
        self.stats.minted += 1;
        self.write_string(db, name, old, uid, value, deadline_ms, true)
    }

    /// The token of a key, if it has one.
    pub fn token(&self, key: Key) -> Option<u64> {
        let object = self.object(key);
        object.token.then_some(object.uid)
    }

    /// What is known of a key that was taken as a lease.
    pub fn lease(&self, key: Key) -> Option<&Lease> {
        self.database(key.db).leases.get(&self.token(key)?).map(|placed| &placed.lease)
    }

    /// Makes a key with a token a lease, or changes what is known of it.
    pub fn set_lease(&mut self, key: Key, lease: Lease) {
        self.record_for(key, &Effect::Lease { grace_ms: lease.grace_ms, meta: &lease.meta });
        self.apply_lease(key, lease);
    }

    pub(super) fn apply_lease(&mut self, key: Key, lease: Lease) {
        let Some(uid) = self.token(key) else { return };
        self.db_mut(key.db).leases.insert(uid, Placed { lease, slot: key.slot });
        self.object_mut(key).name_dirty = true;
        self.db_mut(key.db).mark_dirty(key.slot);
    }

    /// The string has a token from now on, or has none any more.
    pub(super) fn put_token(&mut self, key: Key, token: bool) {
        let object = self.object_mut(key);
        if object.token == token {
            return;
        }
        (object.token, object.name_dirty) = (token, true);
        let uid = object.uid;
        self.db_mut(key.db).leases.remove(&uid);
    }

    /// The lease with this token.
    pub fn leased(&self, token: u64) -> Option<Key> {
        (0..self.databases()).find_map(|db| {
            let slot = self.database(db).leases.get(&token)?.slot;
            Some(Key { db, slot })
        })
    }

    /// Leases that belong to a connection.
    pub fn bound_leases(&self) -> Vec<u64> {
        let all = self.databases.iter().flat_map(|database| &database.leases);
        all.filter(|(_, placed)| placed.lease.grace_ms.is_some()).map(|(token, _)| *token).collect()
    }

    /// How many leases there are.
    pub fn leases(&self) -> usize {
        self.databases.iter().map(|database| database.leases.len()).sum()
    }

    /// The clock was set: what has a token lasts as long as it would have. (Keys that are only on disk are no leases; they keep to
    /// the clock.) Looks at every key in memory.
    pub fn shift_tokens(&mut self, by_ms: i64) {
        let mut moved = Vec::new();
        for (db, database) in (0..).zip(&self.databases) {
            let objects = (0..).zip(&database.objects).filter_map(|(slot, object)| Some((slot, object.as_deref()?)));
            let timed = objects.filter(|(_, object)| object.token).filter_map(|(slot, o)| Some((slot, o.deadline_ms?)));
            moved.extend(timed.map(|(slot, deadline_ms)| (Key { db, slot }, deadline_ms)));
        }
        for (key, deadline_ms) in moved {
            let latest = i64::MAX as u64;
            self.set_deadline(key, Some(deadline_ms.saturating_add_signed(by_ms).min(latest)));
        }
    }
}
