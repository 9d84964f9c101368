//! A rehearsal: finding out what a row of calls will need from disk, without changing anything.
//!
//! The calls run on a store that begins with nothing. When a call asks for a key, the rehearsal is given a copy of it from
//! the real store ([`Rehearsal::supply`]) and the call runs again. What the real store has only on disk cannot be given:
//! that is what the row of calls needs. When all calls have run, none of them will miss anything in the real store, as
//! long as that is not changed in between.
//!
//! The surprising rule: databases are told apart by their physical number, because calls may have exchanged or flushed
//! them in the rehearsal. A flushed one is empty in both. Must never know: commands.

use crate::keyspace::object::Value;
use crate::keyspace::{Database, Found};
use crate::load::{Missing, Wanted};
use crate::names::Names;
use crate::store::{Key, Store};
use crate::stream::log::Cold;
use std::collections::HashMap;

/// How much of a key is only on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisk {
    /// It is in memory, or does not exist.
    Nothing,
    /// Entries of a stream.
    Entries,
    /// Everything.
    All,
}

/// Copies of the keys that calls have asked for.
#[derive(Debug)]
pub struct Rehearsal {
    /// Where the calls run.
    pub store: Store,
    /// Whose copy it is, by uid. (What gets a new uid in the rehearsal is in memory as a whole.)
    originals: HashMap<u64, Key>,
}

impl Rehearsal {
    /// A rehearsal of what may happen in `real`.
    pub fn of(real: &Store) -> Rehearsal {
        let mut store = Store::volatile(0, real.seed);
        store.databases = real.databases.iter().map(|real| Database::unknown(real.physical)).collect();
        (store.next_uid, store.next_physical) = (real.next_uid, real.next_physical);
        (store.node_limits, store.now_ms, store.random) = (real.node_limits, real.now_ms, real.random);
        Rehearsal { store, originals: HashMap::new() }
    }

    /// Gives the rehearsal what a call there has missed, and says whether that was anything; fails with what is only on
    /// disk, in terms of the real store.
    ///
    /// # Errors
    /// What has to be loaded into the real store.
    pub fn supply(&mut self, real: &Store, missing: Missing) -> Result<bool, Missing> {
        match missing.wanted {
            Wanted::Keys { db, hashes, .. } => self.supply_keys(real, missing.physical, db, hashes),
            Wanted::Chunks { uid, chunks, .. } => match self.originals.get(&uid) {
                Some(key) => Err(real.missing_chunks(*key, Cold(chunks))),
                None => Ok(false),
            },
            Wanted::Names { .. } => Ok(false),
        }
    }

    fn supply_keys(&mut self, real: &Store, physical: u32, db: u32, hashes: Vec<u64>) -> Result<bool, Missing> {
        let Some(from) = database_numbered(real, physical) else { return Ok(false) };
        let (cold, warm): (Vec<u64>, Vec<u64>) =
            hashes.into_iter().partition(|hash| real.database(from).cold(*hash) > 0);
        let mut given = false;
        for hash in warm {
            given |= self.copy_keys(real, from, db, hash);
        }
        if cold.is_empty() { Ok(given) } else { Err(Missing::keys(from, physical, cold, real)) }
    }

    /// Copies the keys with this hash; from then on nothing about it is unknown.
    fn copy_keys(&mut self, real: &Store, from: u32, to: u32, hash: u64) -> bool {
        let target = &mut self.store.databases[to as usize];
        if !target.known.as_mut().is_some_and(|known| known.insert(hash)) {
            return false;
        }
        let database = real.database(from);
        for slot in database.names.find(hash) {
            let Some(object) = database.object(slot) else { continue };
            self.originals.insert(object.uid, Key { db: from, slot });
            target.insert(object.clone());
        }
        true
    }

    /// Whether everything that a walk over the names of database `db` can meet is in memory or in `read`.
    ///
    /// # Errors
    /// The names that have to be read.
    pub fn can_walk(&self, real: &Store, db: u32, read: &[Names]) -> Result<(), Missing> {
        let Some(real_db) = database_numbered(real, self.store.database(db).physical) else { return Ok(()) };
        real.all_names_known(real_db, read)
    }
}

fn database_numbered(store: &Store, physical: u32) -> Option<u32> {
    store.databases.iter().position(|database| database.physical == physical).map(|at| at as u32)
}

impl Store {
    /// Whether nothing is ever only on disk.
    pub fn is_volatile(&self) -> bool {
        self.volatile
    }

    /// What of the key `name` is only on disk.
    pub fn on_disk(&self, db: u32, name: &[u8]) -> OnDisk {
        let database = self.database(db);
        match database.find(self.hash(name), name) {
            Found::Cold => OnDisk::All,
            Found::Absent => OnDisk::Nothing,
            Found::Slot(slot) => match database.object(slot).map(|o| &o.value) {
                Some(Value::Stream(stream)) if stream.log.any_cold() => OnDisk::Entries,
                _ => OnDisk::Nothing,
            },
        }
    }
}
