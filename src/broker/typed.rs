//! Hashes, lists, sets and sorted sets by name: finding them, creating them, and what is inside.

use super::Ctx;
use crate::command::error::{self, Refusal};
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind;
use brooklet_storage::load::Missing;
use brooklet_storage::store::Key;
use brooklet_storage::value::hash::Hash;
use brooklet_storage::value::list::List;
use brooklet_storage::value::set::Set;
use brooklet_storage::value::sorted_set::SortedSet;

impl Ctx<'_> {
    /// The key `name` for changing it; WRONGTYPE if it holds something else than `kind`.
    pub fn find_kind(&mut self, name: &[u8], kind: Kind) -> Result<Option<Key>, Refusal> {
        let found = self.find(name)?;
        self.check_kind(found, kind)
    }

    /// The key `name` for reading: counted as hit or miss.
    pub fn read_kind(&mut self, name: &[u8], kind: Kind) -> Result<Option<Key>, Refusal> {
        let found = self.look_up(name)?;
        self.check_kind(found, kind)
    }

    fn check_kind(&self, found: Option<Key>, kind: Kind) -> Result<Option<Key>, Refusal> {
        match found {
            Some(key) if self.engine.store.object(key).kind() != kind => Err(error::WRONG_TYPE),
            found => Ok(found),
        }
    }

    /// The key, or a new empty one, into which something must be put at once.
    pub fn or_create(&mut self, found: Option<Key>, name: &[u8], kind: Kind) -> Key {
        found.unwrap_or_else(|| self.engine.store.create(self.db, name, kind, None))
    }

    /// Makes `name` an empty value whatever it was, into which `len` elements must be put at once. None make no key.
    pub fn replace(&mut self, name: &[u8], kind: Kind, len: usize) -> Result<Option<Key>, Missing> {
        let old = self.find(name)?;
        if len > 0 {
            return Ok(Some(self.engine.store.create(self.db, name, kind, old)));
        }
        old.into_iter().for_each(|old| self.delete(old));
        Ok(None)
    }

    /// Makes a change inside of a value.
    pub fn change(&mut self, key: Key, change: Change<'_>) {
        self.engine.store.change_value(key, change);
    }

    /// The hash behind a key that was found as one.
    pub fn hash(&self, key: Key) -> &Hash {
        self.engine.store.hash_at(key).expect("the type was checked")
    }

    /// The list behind a key that was found as one.
    pub fn list(&self, key: Key) -> &List {
        self.engine.store.list(key).expect("the type was checked")
    }

    /// The set behind a key that was found as one.
    pub fn set(&self, key: Key) -> &Set {
        self.engine.store.set(key).expect("the type was checked")
    }

    /// The sorted set behind a key that was found as one.
    pub fn sorted_set(&self, key: Key) -> &SortedSet {
        self.engine.store.sorted_set(key).expect("the type was checked")
    }

    /// Which of `names` exist, all of one kind; they are asked for at once.
    pub fn read_all(&mut self, names: &[&[u8]], kind: Kind) -> Result<Vec<Option<Key>>, Refusal> {
        self.all_warm(names.iter().copied())?;
        names.iter().map(|name| self.read_kind(name, kind)).collect()
    }
}
