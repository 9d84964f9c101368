//! Changing keys as a whole, whatever they hold: another name, a second key, whole databases.
//!
//! Records on disk carry their database and uid. A key that changes its database, and the copy of a key, get a new uid
//! and are written anew; what belongs to the old uid is dropped by the next checkpoint.

use super::{Class, Key, Store, Touch};
use crate::batch::Effect;
use crate::keyspace::object::{Object, Value};
use crate::keyspace::{Database, Gone, GoneValue};

impl Store {
    /// Moves a key to another name or database, replacing `target` (what [`Store::find`] answered for the new name).
    /// For another database all chunks must be in memory ([`Stream::log`]'s `all_cold` names the others).
    pub fn rename(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        self.touch_key(key);
        self.touch(to_db, to_name);
        self.record_for(key, &Effect::Rename { db: to_db, name: to_name });
        self.apply_rename(key, to_db, to_name, target)
    }

    pub(super) fn apply_rename(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        if let Some(target) = target {
            self.remove(target);
        }
        self.batch.deselect();
        let mut object = *self.db_mut(key.db).take(key.slot).expect("a key is valid until it is deleted");
        let (old_name, old_uid) = (std::mem::replace(&mut object.name, to_name.into()), object.uid);
        self.signal(key.db, &old_name);
        let value = (to_db != key.db).then(|| GoneValue::of(&object));
        if object.stored || value.as_ref().is_some_and(|v| !v.chunks.is_empty()) {
            self.db_mut(key.db).gone.push_back(Gone { hash: object.hash, name: old_name, value });
        }
        if to_db != key.db {
            // Records carry their database: in another one everything is written anew.
            if let Value::Stream(stream) = &mut object.value {
                stream.forget_records();
            }
            object.stored = false;
            let uid = self.new_uid();
            // It is another key there, and so is its token.
            self.db_mut(key.db).leases.remove(&std::mem::replace(&mut object.uid, uid));
        }
        let place = self.place(to_db, to_name, object);
        // In the same place the chunks are listed already.
        if place != key || self.object(place).uid != old_uid {
            self.track_chunks(place);
        }
        place
    }

    fn place(&mut self, db: u32, name: &[u8], mut object: Object) -> Key {
        object.hash = self.hash(name);
        (object.dirty, object.name_dirty) = (false, true);
        let uid = object.uid;
        let slot = self.db_mut(db).insert(object);
        if let Some(placed) = self.db_mut(db).leases.get_mut(&uid) {
            placed.slot = slot;
        }
        self.db_mut(db).mark_dirty(slot);
        self.signal(db, name);
        self.notify(Class::NEW, "new", db, name);
        Key { db, slot }
    }

    /// Lists the chunks of a stream that are in memory, so that they can be dropped later.
    fn track_chunks(&mut self, key: Key) {
        let object = self.object(key);
        if let Value::Stream(stream) = &object.value {
            let uid = object.uid;
            let ordinals: Vec<u64> = stream.log.in_memory().collect();
            ordinals.into_iter().for_each(|ordinal| self.list_chunk(key, uid, ordinal));
        }
    }

    /// Copies a key, replacing `target`. All chunks of a stream must be in memory.
    pub fn copy(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        self.touch(to_db, to_name);
        self.record_for(key, &Effect::Copy { db: to_db, name: to_name });
        self.apply_copy(key, to_db, to_name, target)
    }

    pub(super) fn apply_copy(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        if let Some(target) = target {
            self.remove(target);
        }
        self.batch.deselect();
        let mut object = self.object(key).clone();
        object.name = to_name.into();
        if let Value::Stream(stream) = &mut object.value {
            stream.forget_records();
        }
        (object.stored, object.token) = (false, false);
        object.uid = self.new_uid();
        object.used_ms = self.now_ms;
        let place = self.place(to_db, to_name, object);
        self.track_chunks(place);
        place
    }

    /// Deletes all keys of a database. Costs the objects in memory; what is on disk goes with the next checkpoint.
    /// Who waits for its keys is for the caller to wake: their names may be only on disk.
    pub fn flush(&mut self, db: u32) {
        let physical = self.next_physical;
        self.touch_database(Touch::Flushed { db });
        self.record(&Effect::Flush { db, physical });
        self.apply_flush(db, physical);
    }

    pub(super) fn apply_flush(&mut self, db: u32, physical: u32) {
        self.batch.deselect();
        self.next_physical = self.next_physical.max(physical + 1);
        let old = std::mem::replace(self.db_mut(db), Database::new(physical));
        if !self.volatile {
            self.flushed.push(old.physical);
        }
        self.bury_database(old);
    }

    /// Exchanges two databases. Who waits for their keys is for the caller to wake.
    pub fn swap(&mut self, a: u32, b: u32) {
        self.touch_database(Touch::Swapped { a, b });
        self.record(&Effect::Swap { a, b });
        self.apply_swap(a, b);
    }

    pub(super) fn apply_swap(&mut self, a: u32, b: u32) {
        self.batch.deselect();
        self.databases.swap(a as usize, b as usize);
        self.swapped = !self.volatile;
        self.resident.swap(a, b);
    }
}
