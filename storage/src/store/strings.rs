//! Changing strings. Must never know: what the bytes mean.

use super::{Class, Key, Store};
use crate::batch::Effect;
use crate::keyspace::object::Value;
use bytes::{Bytes, BytesMut};

impl Store {
    /// Makes `name` this string, replacing what was there; `old` is what [`Store::find`] answered for it.
    pub fn set_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        value: Bytes,
        deadline_ms: Option<u64>,
    ) -> Key {
        self.touch(db, name);
        let reused = old.filter(|k| self.string(*k).is_some());
        let uid = reused.map(|k| self.object(k).uid).unwrap_or_else(|| self.new_uid());
        let effect = Effect::SetString { uid, deadline_ms, value: &value };
        match old {
            Some(key) => self.record_for(key, &effect),
            None => {
                self.record_named(db, name, &effect);
                self.notify(Class::NEW, "new", db, name);
            }
        }
        self.put_string(db, name, old, uid, value, deadline_ms)
    }

    pub(super) fn put_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        uid: u64,
        value: Bytes,
        deadline_ms: Option<u64>,
    ) -> Key {
        match old {
            Some(key) if self.string(key).is_some() => {
                if self.object(key).deadline_ms != deadline_ms {
                    self.db_mut(db).set_deadline(key.slot, deadline_ms);
                }
                self.object_mut(key).value = Value::Str(value);
                self.db_mut(db).mark_dirty(key.slot);
                key
            }
            _ => {
                if let Some(key) = old {
                    self.remove(key);
                }
                self.insert(db, name, uid, Value::Str(value), deadline_ms)
            }
        }
    }

    /// Overwrites a string from `offset` on, padding with zeros; its new length.
    pub fn patch_string(&mut self, key: Key, offset: usize, bytes: &[u8]) -> usize {
        self.touch_key(key);
        self.record_for(key, &Effect::PatchString { offset: offset as u64, bytes });
        self.apply_patch(key, offset, bytes)
    }

    pub(super) fn apply_patch(&mut self, key: Key, offset: usize, bytes: &[u8]) -> usize {
        let Value::Str(value) = &mut self.object_mut(key).value else { return 0 };
        // Unique bytes are changed in place; bytes that a reply still holds are copied.
        let mut patched = std::mem::take(value).try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
        if patched.len() < offset + bytes.len() {
            patched.resize(offset + bytes.len(), 0);
        }
        patched[offset..offset + bytes.len()].copy_from_slice(bytes);
        let len = patched.len();
        *value = patched.freeze();
        self.db_mut(key.db).mark_dirty(key.slot);
        len
    }
}
