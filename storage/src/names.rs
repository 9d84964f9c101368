//! Walking all names of a database: what KEYS, SCAN and RANDOMKEY stand on.
//!
//! Names are ordered by their hash. Of a key that is only on disk no more than the hash is in memory, so a walk that
//! meets one answers [`Missing`] for a *range of hashes*; what comes back are [`Names`], without values, which the
//! caller keeps and hands in when it asks again. They say what was true when they were read: a key is listed only if
//! it is there now, but its type and deadline may be older than that by the time of the load.
//! Must never know: patterns, cursors' text, replies.

use crate::backend::{Backend, Space};
use crate::error::{Result, StorageError};
use crate::keys;
use crate::keyspace::object::Kind;
use crate::keyspace::table::COLD;
use crate::keyspace::{Database, Found};
use crate::load::{Missing, NameRecord};
use crate::store::Store;
use std::ops::ControlFlow;

/// The records of all names with hashes in a range, in the order of the hashes.
#[derive(Clone, Debug)]
pub struct Names {
    physical: u32,
    from: u64,
    to: u64,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    hash: u64,
    name: Box<[u8]>,
    kind: Kind,
    deadline_ms: Option<u64>,
}

impl Names {
    pub(crate) fn read(backend: &dyn Backend, physical: u32, from: u64, to: u64) -> Result<Names> {
        let (start, end) = (keys::names_of_hash(physical, from), keys::after(keys::names_of_hash(physical, to)));
        let mut entries = Vec::new();
        let mut result = Ok(());
        backend.scan(Space::Names, &start, &end, &mut |key, value| match Entry::decode(key, value) {
            Ok(entry) => {
                entries.push(entry);
                ControlFlow::Continue(())
            }
            Err(damage) => {
                result = Err(damage);
                ControlFlow::Break(())
            }
        })?;
        result.map(|()| Names { physical, from, to, entries })
    }

    fn of_hash(&self, hash: u64) -> &[Entry] {
        let start = self.entries.partition_point(|e| e.hash < hash);
        let len = self.entries[start..].iter().take_while(|e| e.hash == hash).count();
        &self.entries[start..start + len]
    }
}

impl Entry {
    fn decode(key: &[u8], value: &[u8]) -> Result<Entry> {
        let (hash, name) = keys::split_name(key).ok_or_else(|| StorageError::corrupt("name", "malformed key"))?;
        let record = NameRecord::decode(value)?;
        Ok(Entry { hash, name: name.into(), kind: record.kind, deadline_ms: record.deadline_ms })
    }

    fn is_over(&self, now_ms: i64) -> bool {
        self.deadline_ms.is_some_and(|d| d as i64 <= now_ms)
    }
}

/// What was read for names of this database that are only on disk and have this hash.
fn cold<'a>(database: &Database, read: &'a [Names], hash: u64) -> impl Iterator<Item = &'a Entry> {
    let physical = database.physical;
    let newest_first = read.iter().rev().filter(move |n| n.physical == physical && (n.from..=n.to).contains(&hash));
    let entries = newest_first.map(move |n| n.of_hash(hash)).find(|e| !e.is_empty()).unwrap_or_default();
    entries.iter()
}

impl Store {
    /// Visits the keys of the next `cells` names from the hash `from` on, except those whose deadline is over, and
    /// answers the hash to go on from (0 = that was all). It may stop earlier, where `read` ends. After a [`Missing`]
    /// everything that was visited is void.
    pub fn walk(
        &self,
        db: u32,
        from: u64,
        cells: usize,
        read: &[Names],
        mut visit: impl FnMut(&[u8], Kind),
    ) -> std::result::Result<u64, Missing> {
        let database = self.database(db);
        if from > i64::MAX as u64 {
            return Ok(0);
        }
        let next = self.window(database, from, cells, read)?;
        let mut last_cold = None;
        for (hash, slot) in database.names.from(from).take_while(|(hash, _)| next.is_none_or(|n| *hash < n)) {
            if let Some(object) = database.object(slot) {
                if !object.is_over(self.now_ms) {
                    visit(&object.name, object.kind());
                }
            } else if last_cold.replace(hash) != Some(hash) {
                // Names with one hash are read together; those among them that are in memory have their own cell.
                let in_memory = |e: &Entry| matches!(database.find(hash, &e.name), Found::Slot(_));
                for entry in cold(database, read, hash).filter(|e| !in_memory(e) && !e.is_over(self.now_ms)) {
                    visit(&entry.name, entry.kind);
                }
            }
        }
        Ok(next.unwrap_or(0))
    }

    /// Whether all names of a database are in memory or in `read`.
    ///
    /// # Errors
    /// Those that are not.
    pub fn all_names_known(&self, db: u32, read: &[Names]) -> std::result::Result<(), Missing> {
        let mut from = 0;
        loop {
            from = self.window(self.database(db), from, usize::MAX, read)?.unwrap_or(0);
            if from == 0 {
                return Ok(());
            }
        }
    }

    /// The hash behind a window of `cells` cells, `None` at the end. Cells with one hash are never parted.
    fn window(
        &self,
        database: &Database,
        from: u64,
        cells: usize,
        read: &[Names],
    ) -> std::result::Result<Option<u64>, Missing> {
        let mut unread: Option<(u64, u64)> = None;
        let (mut first, mut last, mut next) = (None, None, None);
        for (index, (hash, slot)) in database.names.from(from).enumerate() {
            if index >= cells && last != Some(hash) {
                next = Some(hash);
                break;
            }
            if slot == COLD && cold(database, read, hash).next().is_none() {
                unread = Some((unread.map_or(hash, |(start, _)| start), hash));
            }
            first = first.or(Some(hash));
            last = Some(hash);
        }
        match unread {
            None => Ok(next),
            // A caller that has read something gets that; it comes back for the rest.
            Some((start, _)) if !read.is_empty() && first != Some(start) => Ok(Some(start)),
            Some((start, end)) => Err(Missing::names(database.physical, start, end, self)),
        }
    }

    /// The name of a key chosen at random among those whose deadline is not over; `None` if there is none.
    pub fn random_name(&mut self, db: u32, read: &[Names]) -> std::result::Result<Option<Box<[u8]>>, Missing> {
        let (now_ms, mut random) = (self.now_ms, self.random);
        let database = &self.databases[db as usize];
        if database.visible(now_ms) == 0 {
            return Ok(None);
        }
        // The choice that was made before its name had to be read.
        let mut chosen = read.iter().rev().filter(|n| n.from == n.to).flat_map(|n| cold(database, read, n.from));
        let is_usable = |e: &Entry| !e.is_over(now_ms) && database.find(e.hash, &e.name) == Found::Cold;
        if let Some(entry) = chosen.find(|e| is_usable(e)) {
            return Ok(Some(entry.name.clone()));
        }
        let draws = std::iter::repeat_with(|| database.names.sample(step(&mut random))).take(DRAWS).flatten();
        let mut usable = draws.filter(|(_, slot)| database.object(*slot).is_none_or(|o| !o.is_over(now_ms)));
        // A table that is nearly empty, or full of keys that are over: the next one from a random place.
        let found = usable.next();
        let start = step(&mut random) >> 1;
        let mut in_order = database.names.from(start).chain(database.names.from(0));
        let found =
            found.or_else(|| in_order.find(|(_, slot)| database.object(*slot).is_none_or(|o| !o.is_over(now_ms))));
        self.random = random;
        let Some((hash, slot)) = found else { return Ok(None) };
        match database.object(slot) {
            Some(object) => Ok(Some(object.name.clone())),
            None => match cold(database, read, hash).find(|e| is_usable(e)) {
                Some(entry) => Ok(Some(entry.name.clone())),
                None => Err(Missing::names(database.physical, hash, hash, self)),
            },
        }
    }
}

/// Places tried at random before the search goes on in order.
const DRAWS: usize = 256;

/// The next number of a sequence that looks random (splitmix64).
pub(crate) fn step(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
#[cfg(feature = "memory")]
mod tests;
