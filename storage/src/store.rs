//! The whole state of one keyspace: databases of objects, and the batch of effects that is not committed yet.
//!
//! A change is made in one way: an [`Effect`] is written to the batch and applied, in one call. Recovery applies the
//! same effects. Nothing here touches a disk: what is only there is answered with [`Missing`], the caller loads it
//! (`load.rs`) and asks again. Must never know: commands, replies, locks, clocks. Read next: `store/strings.rs`,
//! `store/moving.rs` (changes), `store/replay.rs` (recovery).

mod deadlines;
mod events;
mod fits;
mod graveyard;
mod leases;
mod libraries;
mod moving;
mod replay;
mod rules;
mod signals;
mod strings;
mod touch;
mod values;

pub use events::{Class, Event, Events};
pub use signals::Signal;
pub use touch::Touch;

use crate::batch::{Batch, Effect};
use crate::error::{Result, StorageError};
use crate::evict::{Evicted, Resident};
use crate::keyspace::object::{Object, Value};
use crate::keyspace::{Database, Found, Gone, GoneValue};
use crate::load::Missing;
use crate::stream::log::{Cold, NodeLimits};
use crate::stream::{Applied, Stream};
use bytes::Bytes;
pub use graveyard::Graveyard;
pub(crate) use rules::Rules;
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

/// Counters of what happened by itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreStats {
    /// Keys that vanished at their deadline.
    pub expired_keys: u64,
    /// Fields of hashes that vanished at their deadline.
    pub expired_fields: u64,
    /// Tokens that were made.
    pub minted: u64,
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
    /// Databases changed their places since the last checkpoint.
    pub(crate) swapped: bool,
    pub(crate) libraries: libraries::Libraries,
    pub(crate) rules: Rules,
    /// Chunks in memory, oldest first.
    pub(crate) resident: Resident,
    /// Objects dropped from memory: a load that began before its key was is not trusted.
    pub(crate) evicted: Evicted,
    /// A checkpoint has gathered something and is not completed.
    pub(crate) gathering: bool,
    /// Records that are damaged, found by a load that was up to date.
    pub(crate) damage: Option<StorageError>,
    /// Chunks of epochs above this one may be dropped from memory only when their write has completed.
    pub(crate) completed_epoch: u32,
    /// Limits of a `~` trimming node.
    pub node_limits: NodeLimits,
    /// The injected clock's time for the command that runs, Unix milliseconds.
    pub now_ms: i64,
    /// Looking a key up does not count as a use of it (CLIENT NO-TOUCH).
    pub leaves_use: bool,
    /// Keys whose waiters must look again; only collected while somebody waits.
    pub signals: Option<Vec<Signal>>,
    /// What was changed; only collected while somebody watches.
    pub touched: Option<Vec<Touch>>,
    /// Events that somebody wants to hear of.
    pub events: Events,
    /// Counters.
    pub stats: StoreStats,
    /// State of the sequence of random choices.
    pub(crate) random: u64,
    graveyard: Graveyard,
    recording: bool,
    /// Nothing is ever written anywhere.
    pub(crate) volatile: bool,
}

/// The hash under which a name stands, in memory and on disk.
pub(crate) fn hash_of_name(name: &[u8], seed: u64) -> u64 {
    let hash = xxh3_64_with_seed(name, seed) >> 1;
    #[cfg(all(test, feature = "memory"))]
    let hash = hash & crate::tests::hash_mask();
    hash
}

impl Store {
    /// An empty store. `seed` keys the hash of names.
    pub fn new(databases: usize, seed: u64) -> Store {
        Store {
            databases: (0..databases as u32).map(Database::new).collect(),
            batch: Batch::default(),
            seed,
            next_uid: 1,
            next_physical: databases as u32,
            flushed: Vec::new(),
            swapped: false,
            libraries: libraries::Libraries::default(),
            rules: Rules::default(),
            resident: Resident::default(),
            evicted: Evicted::default(),
            gathering: false,
            damage: None,
            completed_epoch: 0,
            node_limits: NodeLimits::default(),
            now_ms: 0,
            leaves_use: false,
            signals: None,
            touched: None,
            events: Events::default(),
            stats: StoreStats::default(),
            random: seed,
            graveyard: Graveyard::default(),
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
        hash_of_name(name, self.seed)
    }

    /// Whether effects wait to be committed (those of an unfinished unit do not yet).
    pub fn has_uncommitted(&self) -> bool {
        !self.batch.is_empty()
    }

    /// From here on all changes belong to one unit, of which nothing is committed before [`Store::end_unit`].
    pub fn begin_unit(&mut self) {
        self.batch.begin_unit();
    }

    /// Whether the unit has changed anything so far.
    pub fn unit_has_effects(&self) -> bool {
        self.batch.unit_has_effects()
    }

    /// The unit is finished, if there is one: it can be committed.
    pub fn end_unit(&mut self) {
        self.batch.end_unit();
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
        if cold.is_empty() { Ok(()) } else { Err(Missing::keys(db, database.physical, cold, self)) }
    }

    #[inline(always)]
    fn locate(&mut self, db: u32, name: &[u8], touch: bool) -> Result<Option<Key>, Missing> {
        let hash = self.hash(name);
        let database = &mut self.databases[db as usize];
        match database.find(hash, name) {
            Found::Absent => Ok(None),
            Found::Cold => Err(self.missing_key(db, hash)),
            Found::Slot(slot) => {
                let key = Key { db, slot };
                let now_ms = self.now_ms;
                let Some(object) = database.object_mut(slot) else { return Ok(None) };
                if touch && !self.leaves_use {
                    object.used_ms = now_ms;
                }
                if object.deadline_ms.is_some_and(|d| d as i64 <= now_ms) {
                    self.expire(key);
                    return Ok(None);
                }
                if let Value::Hash(hash) = &object.value
                    && hash.due(now_ms).is_some()
                    && !self.drop_due_fields(key)
                {
                    return Ok(None);
                }
                Ok(Some(key))
            }
        }
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

    fn missing_key(&self, db: u32, hash: u64) -> Missing {
        Missing::keys(db, self.database(db).physical, vec![hash], self)
    }

    /// Names the chunks that a read of `key` needs.
    pub fn missing_chunks(&self, key: Key, cold: Cold) -> Missing {
        Missing::chunks(key, self.database(key.db).physical, self.object(key).uid, cold, self)
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

    /// Makes a change inside a stream.
    ///
    /// # Panics
    /// If `effect` does not fit the stream's state: a command must have checked that.
    pub fn change(&mut self, key: Key, effect: &Effect<'_>) {
        if touch::changes_entries(effect) {
            self.touch_key(key);
        }
        self.record_for(key, effect);
        self.apply_to_stream(key, effect).expect("a command checks before it changes");
    }

    /// Notes that a consumer called now. In memory only: a mere poll writes nothing to the journal, so after a restart
    /// (or once the key was dropped from memory) the consumer was last seen when it last got something.
    pub fn note_seen(&mut self, key: Key, group: u32, consumer: u32) {
        let now_ms = self.now_ms;
        if let Value::Stream(stream) = &mut self.object_mut(key).value {
            stream.note_seen(group, consumer, now_ms);
        }
    }

    /// Forgets idempotent ids that are too old. In memory only, as their age needs no record.
    pub fn forget_old_ids(&mut self, key: Key) {
        let now_ms = self.now_ms;
        if let Value::Stream(stream) = &mut self.object_mut(key).value {
            stream.forget_old_ids(now_ms);
        }
    }

    fn apply_to_stream(&mut self, key: Key, effect: &Effect<'_>) -> Result<()> {
        let limits = self.node_limits;
        let applied = self.db_mut(key.db).with_chunks(key.slot, |object| match &mut object.value {
            Value::Stream(stream) => Ok((stream.apply(effect, limits)?, object.uid, stream.log.last_sealed())),
            _ => Err(StorageError::corrupt("batch", "a stream effect for another type")),
        });
        let (Applied { sealed }, uid, ordinal) = applied.expect("a key is valid until it is deleted")?;
        if sealed {
            self.list_chunk(key, uid, ordinal);
        }
        self.db_mut(key.db).mark_dirty(key.slot);
        Ok(())
    }

    fn new_uid(&mut self) -> u64 {
        let uid = self.next_uid;
        self.next_uid += 1;
        uid
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

    /// Deletes a key.
    pub fn delete(&mut self, key: Key) {
        self.touch_key(key);
        self.drop_key(key);
    }

    fn drop_key(&mut self, key: Key) {
        self.record_for(key, &Effect::Delete);
        self.remove(key);
    }

    fn remove(&mut self, key: Key) {
        self.batch.deselect();
        let Some(mut object) = self.db_mut(key.db).take(key.slot) else { return };
        if object.token {
            self.db_mut(key.db).leases.remove(&object.uid);
        }
        self.signal(key.db, &object.name);
        let value = GoneValue::of(&object);
        if object.stored || !value.chunks.is_empty() {
            let name = std::mem::take(&mut object.name);
            self.db_mut(key.db).gone.push_back(Gone { hash: object.hash, name, value: Some(value) });
        }
        self.bury(*object);
    }
}
