//! What a command can do: the parts of [`Ctx`] that more than one verb needs.

use super::{Ctx, budget};
use crate::command::error::{self, Refusal};
use brooklet_storage::StreamId;
use brooklet_storage::load::Missing;
use brooklet_storage::names::Names;
use brooklet_storage::store::{Class, Key, Store};
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::log::Cold;
use bytes::Bytes;

/// How far a call got that works in rounds and has to be run again in between.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// What its rounds did so far.
    pub done: u64,
    /// Where the next round begins.
    pub from: StreamId,
}

impl Ctx<'_> {
    /// What earlier runs of this call did already; it is forgotten when the call is answered.
    pub fn progress(&self) -> Progress {
        self.engine.progress.get(&self.client).copied().unwrap_or_default()
    }

    /// Notes what this call has done, should it be run again.
    pub fn set_progress(&mut self, progress: Progress) {
        self.engine.progress.insert(self.client, progress);
    }

    /// The store.
    pub fn store(&mut self) -> &mut Store {
        &mut self.engine.store
    }

    /// The key `name` of the caller's database.
    #[inline]
    pub fn find(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        self.engine.store.find(self.db, name)
    }

    /// The key `name` for looking at it from outside: counted as hit or miss, but not as a use.
    pub fn peek(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        let found = self.inspect(name)?;
        self.tell_of_miss(name, found);
        Ok(found)
    }

    /// [`Ctx::peek`], of which nobody hears.
    pub fn inspect(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        let found = self.engine.store.peek(self.db, name)?;
        self.count_read(found);
        Ok(found)
    }

    /// Asks for all of `names` that are only on disk at once. A verb with many keys begins with this, so that it does
    /// not run again for each.
    pub fn all_warm<'n>(&self, names: impl IntoIterator<Item = &'n [u8]>) -> Result<(), Missing> {
        self.engine.store.all_warm(self.db, names)
    }

    /// What was read for this call when it walked over names that are only on disk.
    pub fn names(&self) -> &[Names] {
        self.engine.names.get(&self.client).map_or(&[], Vec::as_slice)
    }

    fn count_read(&mut self, found: Option<Key>) {
        let stats = &mut self.engine.stats;
        let reads = if found.is_some() { &mut stats.hits } else { &mut stats.misses };
        *reads += 1;
    }

    fn tell_of_miss(&mut self, name: &[u8], found: Option<Key>) {
        if found.is_none() {
            self.notify(Class::MISS, "keymiss", name);
        }
    }

    /// The key `name` for reading: counted as hit or miss.
    pub fn look_up(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        let found = self.engine.store.find(self.db, name)?;
        self.count_read(found);
        self.tell_of_miss(name, found);
        Ok(found)
    }

    /// The string `name` for reading.
    pub fn read_string(&mut self, name: &[u8]) -> Result<Option<(Key, Bytes)>, Refusal> {
        let Some(key) = self.look_up(name)? else { return Ok(None) };
        let value = self.engine.store.string(key).ok_or(error::WRONG_TYPE)?;
        Ok(Some((key, value.clone())))
    }

    /// The string `name` for changing it.
    pub fn find_string(&mut self, name: &[u8]) -> Result<Option<(Key, Bytes)>, Refusal> {
        let Some(key) = self.find(name)? else { return Ok(None) };
        let value = self.engine.store.string(key).ok_or(error::WRONG_TYPE)?;
        Ok(Some((key, value.clone())))
    }

    /// Makes `name` this string with this deadline; `old` is the key it had.
    pub fn set_string(&mut self, name: &[u8], old: Option<Key>, value: &[u8], deadline_ms: Option<u64>) {
        let value = Bytes::copy_from_slice(value);
        self.engine.store.set_string(self.db, name, old, value, deadline_ms);
    }

    /// Makes `name` this string with a token of its own: a lock that is taken.
    pub fn mint_string(&mut self, name: &[u8], old: Option<Key>, value: &[u8], deadline_ms: Option<u64>) -> Key {
        let value = Bytes::copy_from_slice(value);
        self.engine.store.mint_string(self.db, name, old, value, deadline_ms)
    }

    /// Wakes everybody who waits for a key of `db`: all of them changed, in memory or not.
    pub fn signal_database(&mut self, db: u32) {
        let names: Vec<Box<[u8]>> = self.engine.waits.keys_of(db).map(Box::from).collect();
        names.iter().for_each(|name| self.engine.store.signal(db, name));
    }

    /// The stream `name`, if the key exists; WRONGTYPE if it is something else.
    #[inline]
    pub fn find_stream(&mut self, name: &[u8]) -> Result<Option<Key>, Refusal> {
        let Some(key) = self.find(name)? else { return Ok(None) };
        self.engine.store.stream(key).ok_or(error::WRONG_TYPE)?;
        Ok(Some(key))
    }

    /// The stream `name` for reading: counted as hit or miss.
    pub fn read_stream(&mut self, name: &[u8]) -> Result<Option<Key>, Refusal> {
        let Some(key) = self.look_up(name)? else { return Ok(None) };
        self.engine.store.stream(key).ok_or(error::WRONG_TYPE)?;
        Ok(Some(key))
    }

    /// The stream behind a key that [`Ctx::find_stream`] gave.
    #[inline]
    pub fn stream(&self, key: Key) -> &Stream {
        self.engine.store.stream(key).expect("find_stream checked the type")
    }

    /// Turns "these chunks are only on disk" into "load them and run me again".
    pub fn warm<T>(&self, key: Key, result: Result<T, Cold>) -> Result<T, Refusal> {
        result.map_err(|cold| self.load(key, cold))
    }

    /// Asks for chunks that are only on disk; refuses if they are more than may be in memory for one call.
    pub fn load(&self, key: Key, cold: Cold) -> Refusal {
        if cold.bytes() > budget::loaded_bytes(&self.engine.config) {
            return error::TOO_MUCH_AT_ONCE;
        }
        Refusal::Missing(self.engine.store.missing_chunks(key, cold))
    }
}
