//! What a command can do: the parts of [`Ctx`] that more than one verb needs.

use super::Ctx;
use crate::command::error::{self, Refusal};
use brooklet_storage::load::Missing;
use brooklet_storage::store::{Key, Store};
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::log::Cold;
use bytes::Bytes;

impl Ctx<'_> {
    /// The store.
    pub fn store(&mut self) -> &mut Store {
        &mut self.engine.store
    }

    /// The key `name` of the caller's database.
    #[inline]
    pub fn find(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        self.engine.store.find(self.db, name)
    }

    /// The key `name` for reading: counted as hit or miss.
    pub fn look_up(&mut self, name: &[u8]) -> Result<Option<Key>, Missing> {
        let found = self.engine.store.find(self.db, name)?;
        match found {
            Some(_) => self.engine.stats.hits += 1,
            None => self.engine.stats.misses += 1,
        }
        Ok(found)
    }

    /// The string `name` for reading.
    pub fn read_string(&mut self, name: &[u8]) -> Result<Option<(Key, Bytes)>, Refusal> {
        let Some(key) = self.look_up(name)? else { return Ok(None) };
        let value = self.engine.store.string(key).ok_or(error::WRONG_TYPE)?;
        Ok(Some((key, value.clone())))
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

    /// Turns "this chunk is only on disk" into "load it and run me again".
    pub fn warm<T>(&self, key: Key, result: Result<T, Cold>) -> Result<T, Refusal> {
        result.map_err(|cold| Refusal::Missing(self.engine.store.missing_chunks(key, cold)))
    }
}
