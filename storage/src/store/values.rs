//! Changing hashes, lists, sets and sorted sets. Whoever takes the last element away deletes the key.
//! Must never know: what an element means.

use super::{Class, Key, Store};
use crate::batch::Effect;
use crate::change::Change;
use crate::error::{Result, StorageError};
use crate::keyspace::object::{Kind, Value};
use crate::value::hash::Hash;
use crate::value::list::List;
use crate::value::set::Set;
use crate::value::sorted_set::SortedSet;

impl Store {
    /// The hash behind `key`, if it is one.
    pub fn hash_at(&self, key: Key) -> Option<&Hash> {
        match &self.object(key).value {
            Value::Hash(hash) => Some(hash),
            _ => None,
        }
    }

    /// The list behind `key`, if it is one.
    pub fn list(&self, key: Key) -> Option<&List> {
        match &self.object(key).value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The set behind `key`, if it is one.
    pub fn set(&self, key: Key) -> Option<&Set> {
        match &self.object(key).value {
            Value::Set(set) => Some(set),
            _ => None,
        }
    }

    /// The sorted set behind `key`, if it is one.
    pub fn sorted_set(&self, key: Key) -> Option<&SortedSet> {
        match &self.object(key).value {
            Value::SortedSet(set) => Some(set),
            _ => None,
        }
    }

    /// Makes `name` an empty value, replacing what was there; `old` is what [`Store::find`] answered for it. Something
    /// must be put into it before the batch ends.
    pub fn create(&mut self, db: u32, name: &[u8], kind: Kind, old: Option<Key>) -> Key {
        match old {
            Some(old) => self.delete(old),
            None => self.notify(Class::NEW, "new", db, name),
        }
        let uid = self.new_uid();
        self.touch(db, name);
        self.record_named(db, name, &Effect::Change(Change::Create { kind, uid }));
        self.insert(db, name, uid, Value::empty(kind, self.seed_of(uid)), None)
    }

    /// Creates an empty stream under a name that does not exist.
    pub fn create_stream(&mut self, db: u32, name: &[u8]) -> Key {
        let uid = self.new_uid();
        self.touch(db, name);
        self.record_named(db, name, &Effect::StreamCreate { uid });
        self.notify(Class::NEW, "new", db, name);
        self.insert(db, name, uid, Value::Stream(Box::default()), None)
    }

    /// Makes a change inside of a hash, list, set or sorted set.
    ///
    /// # Panics
    /// If `change` does not fit the value: a command must have checked that.
    pub fn change_value(&mut self, key: Key, change: Change<'_>) {
        self.touch_key(key);
        self.record_for(key, &Effect::Change(change));
        self.apply_change(key, &change).expect("a command checks before it changes");
    }

    pub(super) fn apply_change(&mut self, key: Key, change: &Change<'_>) -> Result<()> {
        let value = &mut self.object_mut(key).value;
        let old = value.next_field_deadline();
        value.apply(change)?;
        let new = value.next_field_deadline();
        self.db_mut(key.db).note_field_deadline(key.slot, old, new);
        self.db_mut(key.db).mark_dirty(key.slot);
        Ok(())
    }

    /// Deletes the key if its last element is gone; whether it was.
    pub fn delete_if_empty(&mut self, key: Key) -> bool {
        let empty = self.object(key).value.has_nothing();
        if empty {
            self.notify_key(Class::GENERIC, "del", key);
            self.delete(key);
        }
        empty
    }

    /// Takes away the fields of a hash whose deadline is over; false if that was the end of the key.
    pub(super) fn drop_due_fields(&mut self, key: Key) -> bool {
        self.drop_fields(key, usize::MAX).1
    }

    /// Takes away up to `limit` fields of a hash whose deadline is over. How many changes that took, and whether there is
    /// still a key.
    fn drop_fields(&mut self, key: Key, limit: usize) -> (usize, bool) {
        let now_ms = self.now_ms;
        if let Some(fields) = self.hash_at(key).filter(|hash| hash.is_over(now_ms)).map(Hash::len) {
            // All of them: the key goes, which costs the same however many there are.
            self.stats.expired_fields += fields as u64;
            self.notify_key(Class::HASH, "hexpired", key);
            self.notify_key(Class::GENERIC, "del", key);
            self.delete(key);
            return (1, false);
        }
        let mut dropped = 0;
        while dropped < limit
            && let Some(field) = self.hash_at(key).and_then(|hash| hash.due(now_ms)).cloned()
        {
            self.change_value(key, Change::FieldRemove { field: &field });
            dropped += 1;
        }
        if dropped > 0 {
            self.stats.expired_fields += dropped as u64;
            self.notify_key(Class::HASH, "hexpired", key);
        }
        (dropped, true)
    }

    /// Takes away up to `limit` fields that are due, of hashes that are in memory; those on disk wait until somebody looks.
    pub(super) fn sweep_fields(&mut self, now_ms: i64, limit: usize) -> usize {
        self.now_ms = now_ms;
        let mut swept = 0;
        for db in 0..self.databases() {
            while let Some((at, slot)) = self.database(db).field_deadlines.first().copied()
                && at as i64 <= now_ms
                && swept < limit
            {
                swept += self.drop_fields(Key { db, slot }, limit - swept).0.max(1);
            }
        }
        swept
    }

    /// What keys the hashes of a value's elements. Each has its own: elements that come in the order of another value would
    /// else all come in order, which is the worst that can happen to a table.
    fn seed_of(&self, uid: u64) -> u64 {
        self.seed ^ uid.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// The next number of the store's sequence of random choices.
    pub fn draw(&mut self) -> u64 {
        crate::names::step(&mut self.random)
    }

    pub(super) fn replay_create(&mut self, db: u32, name: &[u8], kind: Kind, uid: u64, old: Option<Key>) -> Result<()> {
        if old.is_some() {
            return Err(StorageError::corrupt("batch", "a value is created where there is one"));
        }
        self.insert(db, name, uid, Value::empty(kind, self.seed_of(uid)), None);
        Ok(())
    }
}
