//! Changing strings. Must never know: what the bytes mean. Read next: `leases.rs`.

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
        // The same string is the same lock.
        let token = reused.is_some_and(|k| self.object(k).token && self.string(k) == Some(&value));
        self.write_string(db, name, old, uid, value, deadline_ms, token)
    }

    /// Records that `name` is this string, and makes it so.
    #[expect(clippy::too_many_arguments, reason = "all that an effect says, and where")]
    pub(super) fn write_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        uid: u64,
        value: Bytes,
        deadline_ms: Option<u64>,
        token: bool,
    ) -> Key {
        let effect = Effect::SetString { uid, deadline_ms, value: &value, token };
        match old {
            Some(key) => self.record_for(key, &effect),
            None => {
                self.record_named(db, name, &effect);
                self.notify(Class::NEW, "new", db, name);
            }
        }
        self.put_string(db, name, old, uid, value, deadline_ms, token)
    }

    /// A token is of one string: another one is another object, also under the same name.
    #[expect(clippy::too_many_arguments, reason = "all that an effect says, and where")]
    pub(super) fn put_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        uid: u64,
        value: Bytes,
        deadline_ms: Option<u64>,
        token: bool,
    ) -> Key {
        match old {
            Some(key) if self.string(key).is_some() && (!token || self.object(key).uid == uid) => {
                if self.object(key).deadline_ms != deadline_ms {
                    self.db_mut(db).set_deadline(key.slot, deadline_ms);
                }
                self.object_mut(key).value = Value::Str(value);
                self.put_token(key, token);
                self.db_mut(db).mark_dirty(key.slot);
                self.signal_key(key);
                key
            }
            _ => {
                if let Some(key) = old {
                    self.remove(key);
                }
                let key = self.insert(db, name, uid, Value::Str(value), deadline_ms);
                self.put_token(key, token);
                key
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
        self.put_token(key, false);
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
        self.signal_key(key);
        len
    }
}
