//! The whole state of one keyspace: databases of objects, and the batch of effects that is not committed yet.
//!
//! A change is made in one way: an [`Effect`] is written to the batch and applied, in one call. Recovery applies the
//! same effects. Nothing here touches a disk: what is only there is answered with [`Missing`], the caller loads it
//! (`load.rs`) and asks again. Must never know: commands, replies, locks, clocks.

use crate::batch::{Batch, Effect};
use crate::error::{Result, StorageError};
use crate::keyspace::object::{Object, Value};
use crate::keyspace::{Database, Found, Gone, GoneValue};
use crate::load::Missing;
use crate::stream::log::{Cold, NodeLimits};
use crate::stream::{Applied, Stream};
use bytes::{Bytes, BytesMut};
use std::collections::VecDeque;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Number of logical databases unless configured otherwise.
pub const DATABASES: usize = 16;

/// A key that is in memory; valid until the key is deleted or a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its database.
    pub db: u32,
    pub(crate) slot: u32,
}

/// A key whose waiters have to look again: something arrived, or the key or one of its groups is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Database of the key.
    pub db: u32,
    /// Name of the key.
    pub name: Box<[u8]>,
}

/// Counters of what happened by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreStats {
    /// Keys that vanished at their deadline.
    pub expired_keys: u64,
    /// Changes since the last checkpoint.
    pub changes: u64,
}

/// The state of one keyspace.
#[derive(Debug)]
pub struct Store {
    pub(crate) databases: Vec<Database>,
    pub(crate) batch: Batch,
    pub(crate) seed: u64,
    pub(crate) next_uid: u64,
    pub(crate) next_physical: u32,
    /// Physical databases that were flushed since the last checkpoint.
    pub(crate) flushed: Vec<u32>,
    /// Chunks in memory, oldest first: database, slot, uid, ordinal.
    pub(crate) resident: VecDeque<(u32, u32, u64, u64)>,
    /// Objects dropped from memory so far; a load that began before the last one is not trusted.
    pub(crate) evictions: u64,
    /// Chunks of epochs above this one may be dropped from memory only when their write has completed.
    pub(crate) completed_epoch: u32,
    /// Limits of a `~` trimming node.
    pub node_limits: NodeLimits,
    /// The injected clock's time for the command that runs, Unix milliseconds.
    pub now_ms: i64,
    /// Keys whose waiters must look again; only collected while somebody waits.
    pub signals: Option<Vec<Signal>>,
    /// Counters.
    pub stats: StoreStats,
    /// State of the sequence of random choices.
    pub(crate) random: u64,
    recording: bool,
    /// Nothing is ever written anywhere.
    volatile: bool,
}

impl Store {
    /// An empty store. `seed` keys the hash of names.
    pub fn new(databases: usize, seed: u64) -> Store {
        let database = |physical| Database { physical, ..Database::default() };
        Store {
            databases: (0..databases as u32).map(database).collect(),
            batch: Batch::default(),
            seed,
            next_uid: 1,
            next_physical: databases as u32,
            flushed: Vec::new(),
            resident: VecDeque::new(),
            evictions: 0,
            completed_epoch: 0,
            node_limits: NodeLimits::default(),
            now_ms: 0,
            signals: None,
            stats: StoreStats::default(),
            random: seed,
            recording: true,
            volatile: false,
        }
    }

    /// An empty store that records nothing: for brokers that live in memory only.
    pub fn volatile(databases: usize, seed: u64) -> Store {
        Store { recording: false, volatile: true, ..Store::new(databases, seed) }
    }

    /// Number of logical databases.
    pub fn databases(&self) -> u32 {
        self.databases.len() as u32
    }

    /// Database `db`.
    pub fn database(&self, db: u32) -> &Database {
        &self.databases[db as usize]
    }

    pub(crate) fn db_mut(&mut self, db: u32) -> &mut Database {
        &mut self.databases[db as usize]
    }

    #[inline]
    pub(crate) fn hash(&self, name: &[u8]) -> u64 {
        xxh3_64_with_seed(name, self.seed) >> 1
    }

    /// Whether effects wait to be committed.
    pub fn has_uncommitted(&self) -> bool {
        !self.batch.is_empty()
    }

    /// Bytes of effects that wait to be committed.
    pub fn uncommitted_bytes(&self) -> usize {
        self.batch.len()
    }

    /// Takes the effects to commit; `spare` becomes the next buffer.
    pub fn take_batch(&mut self, spare: Vec<u8>) -> Vec<u8> {
        self.batch.take(spare)
    }

    /// The key `name`, unless it does not exist or its deadline has passed (then it is deleted now).
    #[inline]
    pub fn find(&mut self, db: u32, name: &[u8]) -> Result<Option<Key>, Missing> {
        self.locate(db, name, true)
    }

    /// [`Store::find`] without counting as a use of the key.
    pub fn peek(&mut self, db: u32, name: &[u8]) -> Result<Option<Key>, Missing> {
        self.locate(db, name, false)
    }

    /// Names all keys among `names` that are only on disk, so that one load brings them.
    pub fn all_warm<'a>(&self, db: u32, names: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Missing> {
        let database = self.database(db);
        let hashed = names.into_iter().map(|name| (self.hash(name), name));
        let cold: Vec<u64> =
            hashed.filter(|(hash, name)| database.find(*hash, name) == Found::Cold).map(|(hash, _)| hash).collect();
        if cold.is_empty() { Ok(()) } else { Err(Missing::keys(db, database.physical, cold, self.evictions)) }
    }

    #[inline(always)]
    fn locate(&mut self, db: u32, name: &[u8], touch: bool) -> Result<Option<Key>, Missing> {
        let hash = self.hash(name);
        let database = &mut self.databases[db as usize];
        match database.find(hash, name) {
            Found::Absent => Ok(None),
            Found::Cold => Err(Missing::keys(db, database.physical, vec![hash], self.evictions)),
            Found::Slot(slot) => {
                let key = Key { db, slot };
                let now_ms = self.now_ms;
                let Some(object) = database.object_mut(slot) else { return Ok(None) };
                if touch {
                    object.used_ms = now_ms;
                }
                if object.deadline_ms.is_some_and(|d| d as i64 <= now_ms) {
                    self.expire(key);
                    return Ok(None);
                }
                Ok(Some(key))
            }
        }
    }

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
            let hashes: Vec<u64> =
                self.database(db).deadlines.range(due).take(limit - swept).map(|(_, hash)| *hash).collect();
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
        swept
    }

    /// One key whose deadline has passed and that is only on disk: load it, and the next sweep deletes it.
    pub fn expired_cold(&self, now_ms: i64) -> Option<Missing> {
        (0..self.databases()).find_map(|db| {
            let database = self.database(db);
            let (deadline, hash) = *database.deadlines.first()?;
            let cold = database.names.find(hash).any(|slot| slot == crate::keyspace::table::COLD);
            (deadline as i64 <= now_ms && cold)
                .then(|| Missing::keys(db, database.physical, vec![hash], self.evictions))
        })
    }

    /// The object behind `key`.
    #[inline]
    pub fn object(&self, key: Key) -> &Object {
        self.databases[key.db as usize].object(key.slot).expect("a key is valid until it is deleted")
    }

    fn object_mut(&mut self, key: Key) -> &mut Object {
        self.databases[key.db as usize].object_mut(key.slot).expect("a key is valid until it is deleted")
    }

    /// The stream behind `key`, if it is one.
    #[inline]
    pub fn stream(&self, key: Key) -> Option<&Stream> {
        match &self.object(key).value {
            Value::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    /// The string behind `key`, if it is one.
    pub fn string(&self, key: Key) -> Option<&Bytes> {
        match &self.object(key).value {
            Value::Str(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Names the chunks that a read of `key` needs.
    pub fn missing_chunks(&self, key: Key, cold: Cold) -> Missing {
        Missing::chunks(key, self.database(key.db).physical, self.object(key).uid, cold)
    }

    fn record(&mut self, effect: &Effect<'_>) {
        self.stats.changes += 1;
        if self.recording {
            self.batch.push(effect);
        }
    }

    fn record_for(&mut self, key: Key, effect: &Effect<'_>) {
        self.stats.changes += 1;
        if self.recording {
            let object = self.databases[key.db as usize].object(key.slot).expect("a key is valid until it is deleted");
            self.batch.select(key.db, key.slot, &object.name);
            self.batch.push(effect);
        }
    }

    /// Wakes who waits for `name`.
    pub fn signal(&mut self, db: u32, name: &[u8]) {
        if let Some(signals) = &mut self.signals {
            signals.push(Signal { db, name: name.into() });
        }
    }

    /// Wakes who waits for `key`.
    pub fn signal_key(&mut self, key: Key) {
        if self.signals.is_some() {
            let name = self.object(key).name.clone();
            self.signal(key.db, &name);
        }
    }

    /// Makes a change inside a stream.
    ///
    /// # Panics
    /// If `effect` does not fit the stream's state: a command must have checked that.
    pub fn change(&mut self, key: Key, effect: &Effect<'_>) {
        self.record_for(key, effect);
        self.apply_to_stream(key, effect).expect("a command checks before it changes");
    }

    fn apply_to_stream(&mut self, key: Key, effect: &Effect<'_>) -> Result<()> {
        let (limits, volatile) = (self.node_limits, self.volatile);
        let object = self.object_mut(key);
        let uid = object.uid;
        let Value::Stream(stream) = &mut object.value else {
            return Err(StorageError::corrupt("batch", "a stream effect for another type"));
        };
        let Applied { sealed } = stream.apply(effect, limits)?;
        if sealed && !volatile {
            let ordinal = stream.log.last_sealed();
            self.resident.push_back((key.db, key.slot, uid, ordinal));
        }
        self.db_mut(key.db).mark_dirty(key.slot);
        Ok(())
    }

    fn new_uid(&mut self) -> u64 {
        let uid = self.next_uid;
        self.next_uid += 1;
        uid
    }

    /// Creates an empty stream under a name that does not exist.
    pub fn create_stream(&mut self, db: u32, name: &[u8]) -> Key {
        let uid = self.new_uid();
        self.record_named(db, name, &Effect::StreamCreate { uid });
        self.insert(db, name, uid, Value::Stream(Box::default()), None)
    }

    fn record_named(&mut self, db: u32, name: &[u8], effect: &Effect<'_>) {
        self.batch.deselect();
        self.record(&Effect::Key { db, name });
        self.record(effect);
    }

    fn insert(&mut self, db: u32, name: &[u8], uid: u64, value: Value, deadline_ms: Option<u64>) -> Key {
        self.next_uid = self.next_uid.max(uid + 1);
        let mut object = Object::new(name, self.hash(name), uid, value);
        object.deadline_ms = deadline_ms;
        object.used_ms = self.now_ms;
        let slot = self.db_mut(db).insert(object);
        self.db_mut(db).mark_dirty(slot);
        self.signal(db, name);
        Key { db, slot }
    }

    /// Makes `name` this string, replacing what was there; `old` is what [`Store::find`] answered for it.
    pub fn set_string(
        &mut self,
        db: u32,
        name: &[u8],
        old: Option<Key>,
        value: Bytes,
        deadline_ms: Option<u64>,
    ) -> Key {
        let reused = old.filter(|k| self.string(*k).is_some());
        let uid = reused.map(|k| self.object(k).uid).unwrap_or_else(|| self.new_uid());
        let effect = Effect::SetString { uid, deadline_ms, value: &value };
        match old {
            Some(key) => self.record_for(key, &effect),
            None => self.record_named(db, name, &effect),
        }
        self.put_string(db, name, old, uid, value, deadline_ms)
    }

    fn put_string(
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
        self.record_for(key, &Effect::PatchString { offset: offset as u64, bytes });
        self.apply_patch(key, offset, bytes)
    }

    fn apply_patch(&mut self, key: Key, offset: usize, bytes: &[u8]) -> usize {
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

    /// Sets or takes away the deadline of a key.
    pub fn set_deadline(&mut self, key: Key, at_ms: Option<u64>) {
        self.record_for(key, &Effect::Deadline { at_ms });
        self.db_mut(key.db).set_deadline(key.slot, at_ms);
        self.db_mut(key.db).mark_dirty(key.slot);
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: Key) {
        self.record_for(key, &Effect::Delete);
        self.remove(key);
    }

    fn remove(&mut self, key: Key) {
        self.batch.deselect();
        let Some(object) = self.db_mut(key.db).take(key.slot) else { return };
        self.signal(key.db, &object.name);
        let value = GoneValue::of(&object);
        if object.stored || !value.chunks.is_empty() {
            let gone = Gone { hash: object.hash, name: object.name, value: Some(value) };
            self.db_mut(key.db).gone.push(gone);
        }
    }

    /// Moves a key to another name or database, replacing `target` (what [`Store::find`] answered for the new name).
    /// For another database all chunks must be in memory ([`Stream::log`]'s `all_cold` names the others).
    pub fn rename(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        self.record_for(key, &Effect::Rename { db: to_db, name: to_name });
        self.apply_rename(key, to_db, to_name, target)
    }

    fn apply_rename(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        if let Some(target) = target {
            self.remove(target);
        }
        self.batch.deselect();
        let mut object = *self.db_mut(key.db).take(key.slot).expect("a key is valid until it is deleted");
        let old_name = std::mem::replace(&mut object.name, to_name.into());
        self.signal(key.db, &old_name);
        let value = (to_db != key.db).then(|| GoneValue::of(&object));
        if object.stored || value.as_ref().is_some_and(|v| !v.chunks.is_empty()) {
            self.db_mut(key.db).gone.push(Gone { hash: object.hash, name: old_name, value });
        }
        if to_db != key.db {
            // Records carry their database: in another one everything is written anew.
            if let Value::Stream(stream) = &mut object.value {
                stream.forget_records();
            }
            object.stored = false;
            object.uid = self.new_uid();
        }
        self.place(to_db, to_name, object)
    }

    fn place(&mut self, db: u32, name: &[u8], mut object: Object) -> Key {
        object.hash = self.hash(name);
        (object.dirty, object.name_dirty) = (false, true);
        let slot = self.db_mut(db).insert(object);
        self.db_mut(db).mark_dirty(slot);
        if !self.volatile {
            self.track_chunks(Key { db, slot });
        }
        self.signal(db, name);
        Key { db, slot }
    }

    /// Lists the chunks of a stream that are in memory, so that they can be dropped later.
    pub(crate) fn track_chunks(&mut self, key: Key) {
        let object = self.object(key);
        if let Value::Stream(stream) = &object.value {
            let uid = object.uid;
            let ordinals: Vec<u64> = stream.log.in_memory().collect();
            self.resident.extend(ordinals.into_iter().map(|o| (key.db, key.slot, uid, o)));
        }
    }

    /// Copies a key, replacing `target`. All chunks of a stream must be in memory.
    pub fn copy(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        self.record_for(key, &Effect::Copy { db: to_db, name: to_name });
        self.apply_copy(key, to_db, to_name, target)
    }

    fn apply_copy(&mut self, key: Key, to_db: u32, to_name: &[u8], target: Option<Key>) -> Key {
        if let Some(target) = target {
            self.remove(target);
        }
        self.batch.deselect();
        let mut object = self.object(key).clone();
        object.name = to_name.into();
        if let Value::Stream(stream) = &mut object.value {
            stream.forget_records();
        }
        object.stored = false;
        object.uid = self.new_uid();
        object.used_ms = self.now_ms;
        self.place(to_db, to_name, object)
    }

    /// Deletes all keys of a database. Costs the objects in memory; what is on disk goes with the next checkpoint.
    /// Who waits for its keys is for the caller to wake: their names may be only on disk.
    pub fn flush(&mut self, db: u32) {
        let physical = self.next_physical;
        self.record(&Effect::Flush { db, physical });
        self.apply_flush(db, physical);
    }

    fn apply_flush(&mut self, db: u32, physical: u32) {
        self.batch.deselect();
        self.next_physical = self.next_physical.max(physical + 1);
        let fresh = Database { physical, ..Database::default() };
        let old = std::mem::replace(self.db_mut(db), fresh);
        if !self.volatile {
            self.flushed.push(old.physical);
        }
    }

    /// Exchanges two databases. Who waits for their keys is for the caller to wake.
    pub fn swap(&mut self, a: u32, b: u32) {
        self.record(&Effect::Swap { a, b });
        self.apply_swap(a, b);
    }

    fn apply_swap(&mut self, a: u32, b: u32) {
        self.batch.deselect();
        self.databases.swap(a as usize, b as usize);
        for entry in &mut self.resident {
            entry.0 = if entry.0 == a {
                b
            } else if entry.0 == b {
                a
            } else {
                entry.0
            };
        }
    }

    /// Applies one committed batch: recovery, and later replicas. `load` brings what is only on disk into memory.
    pub(crate) fn replay(
        &mut self,
        bytes: &[u8],
        mut load: impl FnMut(&mut Store, Missing) -> Result<()>,
    ) -> Result<()> {
        self.recording = false;
        let (mut db, mut name): (u32, Vec<u8>) = (0, Vec::new());
        let result = crate::batch::read(bytes, |effect| match effect {
            Effect::Key { db: d, name: n } => {
                (db, name) = (d, n.to_vec());
                Ok(())
            }
            Effect::Flush { db, physical } => {
                self.apply_flush(db, physical);
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
        match effect {
            Effect::SetString { uid, deadline_ms, value } => {
                self.next_uid = self.next_uid.max(uid + 1);
                self.put_string(db, name, found, *uid, Bytes::copy_from_slice(value), *deadline_ms);
                return Ok(());
            }
            Effect::StreamCreate { uid } => {
                self.insert(db, name, *uid, Value::Stream(Box::default()), None);
                return Ok(());
            }
            _ => {}
        }
        let key = found.ok_or_else(|| StorageError::corrupt("batch", format!("{effect:?} for an absent key")))?;
        match effect {
            Effect::Delete => self.remove(key),
            Effect::Deadline { at_ms } => {
                self.db_mut(db).set_deadline(key.slot, *at_ms);
                self.db_mut(db).mark_dirty(key.slot);
            }
            Effect::PatchString { offset, bytes } => {
                self.apply_patch(key, *offset as usize, bytes);
            }
            Effect::Rename { db: to_db, name: to } | Effect::Copy { db: to_db, name: to } => {
                let target = self.find_loaded(*to_db, to, load)?.filter(|t| *t != key);
                self.load_all(key, load)?;
                if matches!(effect, Effect::Copy { .. }) {
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
                    let missing = Missing::keys(db, self.database(db).physical, vec![hash], self.evictions);
                    load(self, missing)?;
                }
            }
        }
        Ok(None)
    }
}
