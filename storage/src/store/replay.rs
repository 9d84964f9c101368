//! Replay: a committed batch is applied to the state, without being recorded again.
//!
//! Here a bad batch is damage on disk and answers an error, where a command's own effect may rely on its checks.

use super::{Key, Store};
use crate::batch::Effect;
use crate::change::Change;
use crate::error::{Result, StorageError};
use crate::keyspace::Found;
use crate::keyspace::lease::Lease;
use crate::keyspace::object::Value;
use crate::load::Missing;
use bytes::Bytes;

impl Store {
    /// Applies one committed batch: recovery, and later replicas. `load` brings what is only on disk into memory.
    pub(crate) fn replay(
        &mut self,
        bytes: &[u8],
        mut load: impl FnMut(&mut Store, Missing) -> Result<()>,
    ) -> Result<()> {
        self.recording = false;
        let (mut db, mut name): (u32, Vec<u8>) = (0, Vec::new());
        let result = crate::batch::read(bytes, |effect| match effect {
            _ if effect.databases().iter().any(|db| *db >= self.databases()) => {
                Err(StorageError::corrupt("batch", format!("{effect:?}: there are {} databases", self.databases())))
            }
            Effect::Key { db: d, name: n } => {
                (db, name) = (d, n.to_vec());
                Ok(())
            }
            Effect::Flush { physical: u32::MAX, .. } => {
                Err(StorageError::corrupt("batch", "no database is behind the last"))
            }
            Effect::Flush { db, physical } => {
                self.apply_flush(db, physical);
                Ok(())
            }
            Effect::Libraries { bytes } => {
                self.apply_libraries(Bytes::copy_from_slice(bytes));
                Ok(())
            }
            Effect::Rule { name, bytes } => {
                self.apply_rule(name, bytes);
                Ok(())
            }
            Effect::Swap { a, b } => {
                self.apply_swap(a, b);
                Ok(())
            }
            effect => self.replay_for(db, &name, &effect, &mut load),
        });
        self.recording = true;
        result
    }

    fn replay_for(
        &mut self,
        db: u32,
        name: &[u8],
        effect: &Effect<'_>,
        load: &mut impl FnMut(&mut Store, Missing) -> Result<()>,
    ) -> Result<()> {
        let found = self.find_loaded(db, name, load)?;
        self.check_fits(db, name, found, effect)?;
        match effect {
            Effect::SetString { uid, deadline_ms, value, token } => {
                self.next_uid = self.next_uid.max(uid + 1);
                self.put_string(db, name, found, *uid, Bytes::copy_from_slice(value), *deadline_ms, *token);
                return Ok(());
            }
            Effect::StreamCreate { uid } => {
                self.insert(db, name, *uid, Value::Stream(Box::default()), None);
                return Ok(());
            }
            Effect::Change(Change::Create { kind, uid }) => return self.replay_create(db, name, *kind, *uid, found),
            _ => {}
        }
        let key = found.ok_or_else(|| StorageError::corrupt("batch", format!("{effect:?} for an absent key")))?;
        match effect {
            Effect::Delete => self.remove(key),
            Effect::Deadline { at_ms } => {
                self.db_mut(db).set_deadline(key.slot, *at_ms);
                self.db_mut(db).mark_dirty(key.slot);
            }
            Effect::Lease { grace_ms, meta } => {
                self.apply_lease(key, Lease { grace_ms: *grace_ms, meta: (*meta).into() });
            }
            Effect::PatchString { offset, bytes } => {
                self.apply_patch(key, *offset as usize, bytes);
            }
            Effect::Rename { db: to_db, name: to } | Effect::Copy { db: to_db, name: to } => {
                let target = self.find_loaded(*to_db, to, load)?.filter(|t| *t != key);
                let copied = matches!(effect, Effect::Copy { .. });
                if copied || *to_db != db {
                    self.load_all(key, load)?;
                }
                if copied {
                    self.apply_copy(key, *to_db, to, target);
                } else {
                    self.apply_rename(key, *to_db, to, target);
                }
            }
            Effect::DeleteEntry { id, .. } => {
                if let Some(Err(cold)) = self.stream(key).map(|s| s.log.contains(*id)) {
                    load(self, self.missing_chunks(key, cold))?;
                }
                self.apply_to_stream(key, effect)?;
            }
            Effect::Change(change) => self.apply_change(key, change)?,
            other => self.apply_to_stream(key, other)?,
        }
        Ok(())
    }

    fn load_all(&mut self, key: Key, load: &mut impl FnMut(&mut Store, Missing) -> Result<()>) -> Result<()> {
        match self.stream(key).map(|s| s.log.all_cold()) {
            Some(cold) if !cold.0.is_empty() => load(self, self.missing_chunks(key, cold)),
            _ => Ok(()),
        }
    }

    /// The key whatever its deadline, loaded if need be: effects of a time before the deadline still apply.
    fn find_loaded(
        &mut self,
        db: u32,
        name: &[u8],
        load: &mut impl FnMut(&mut Store, Missing) -> Result<()>,
    ) -> Result<Option<Key>> {
        let hash = self.hash(name);
        for _ in 0..2 {
            match self.database(db).find(hash, name) {
                Found::Absent => return Ok(None),
                Found::Slot(slot) => return Ok(Some(Key { db, slot })),
                Found::Cold => {
                    load(self, self.missing_key(db, hash))?;
                }
            }
        }
        Ok(None)
    }
}
