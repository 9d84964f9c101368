//! The backend without a disk: one sorted map per space, for embedding in tests, and a model of crashes.
//!
//! Owns: the maps and, if asked, the memory of what was flushed. Must never know: files, RocksDB, what a key means.
//! Read next: `conformance.rs` (what every backend promises), `rocks/mod.rs` (the one that survives a restart).

use super::{Backend, BackendStats, Space, Visit, Write};
use crate::error::Result;
use bytes::Bytes;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

type Map = BTreeMap<Bytes, Bytes>;

/// An ordered key-value store in memory.
///
/// A scan holds no lock while it visits: it reads a map that a concurrent write replaces. Such a write copies the
/// map's nodes (not the bytes) once per scan, so long scans under a write load cost time, never consistency.
pub struct Memory {
    state: RwLock<State>,
}

/// What became of reclaimed ranges whose [`Backend::reclaim`] came after the last batch that survived.
///
/// A real backend deletes files at once, without regard to unflushed writes, so both happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateReclaims {
    /// Nothing of them reached the disk: the ranges are back.
    Undone,
    /// The files were gone before the crash: the ranges are empty although earlier batches were lost.
    Done,
}

#[derive(Default)]
struct State {
    now: Spaces,
    model: Option<Model>,
}

/// What the crash model remembers: the last flushed state, and everything after it in order.
struct Model {
    flushed: Spaces,
    unflushed: Vec<Step>,
}

enum Step {
    Batch(Vec<Write>),
    Reclaim(Space, Vec<u8>, Vec<u8>),
}

impl Memory {
    /// An empty store that forgets nothing because it remembers nothing but its present.
    pub fn new() -> Memory {
        Memory { state: RwLock::default() }
    }

    /// An empty store that remembers what was flushed, so that [`Memory::crash_copy`] works. Costs a copy of the
    /// unflushed batches, and one copy of the maps' nodes per flush.
    pub fn crashing() -> Memory {
        Memory::from_disk(Spaces::default())
    }

    fn from_disk(flushed: Spaces) -> Memory {
        let now = flushed.clone();
        Memory { state: RwLock::new(State { now, model: Some(Model { flushed, unflushed: Vec::new() }) }) }
    }

    /// How many batches were written since the last flush (0 without the crash model).
    pub fn unflushed(&self) -> usize {
        self.state.read().model.as_ref().map_or(0, Model::batches)
    }

    /// What a restart would find if the machine stopped now and only the first `batches` unflushed batches had reached
    /// the disk. `None` if this store was not made by [`Memory::crashing`]. This store is left as it is.
    pub fn crash_copy(&self, batches: usize, late: LateReclaims) -> Option<Memory> {
        self.state.read().model.as_ref().map(|model| Memory::from_disk(model.after_crash(batches, late)))
    }

    fn snapshot(&self, space: Space) -> Arc<Map> {
        Arc::clone(self.state.read().now.map(space))
    }
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::new()
    }
}

impl Backend for Memory {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        Ok(self.state.read().now.map(space).get(key).map(|value| value.to_vec()))
    }

    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
        if from >= to {
            return Ok(());
        }
        // The lock is released before the first visit: a visitor may write, or wait for a thread that does.
        let map = self.snapshot(space);
        for (key, value) in map.range::<[u8], _>(bounds(from, to)) {
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn write(&self, writes: &[Write]) -> Result<()> {
        let mut state = self.state.write();
        state.now.apply(writes);
        state.remember(|| Step::Batch(writes.to_vec()));
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        let mut state = self.state.write();
        let flushed = state.now.clone();
        if let Some(model) = &mut state.model {
            *model = Model { flushed, unflushed: Vec::new() };
        }
        Ok(())
    }

    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        let mut state = self.state.write();
        state.now.remove_range(space, from, to);
        state.remember(|| Step::Reclaim(space, from.to_vec(), to.to_vec()));
        Ok(())
    }

    fn stats(&self) -> BackendStats {
        BackendStats { memtable_bytes: self.state.read().now.bytes, ..BackendStats::default() }
    }
}

impl State {
    fn remember(&mut self, step: impl FnOnce() -> Step) {
        if let Some(model) = &mut self.model {
            model.unflushed.push(step());
        }
    }
}

impl Model {
    fn batches(&self) -> usize {
        self.unflushed.iter().filter(|step| matches!(step, Step::Batch(_))).count()
    }

    fn after_crash(&self, batches: usize, late: LateReclaims) -> Spaces {
        let mut disk = self.flushed.clone();
        let mut left = batches;
        let mut crashed = false;
        for step in &self.unflushed {
            match step {
                Step::Batch(writes) if left > 0 => {
                    left -= 1;
                    disk.apply(writes);
                }
                Step::Batch(_) => crashed = true,
                Step::Reclaim(..) if crashed && late == LateReclaims::Undone => {}
                Step::Reclaim(space, from, to) => disk.remove_range(*space, from, to),
            }
        }
        disk
    }
}

/// One map per space. Cloning is cheap (the maps are shared until one side changes).
#[derive(Clone, Default)]
struct Spaces {
    maps: [Arc<Map>; Space::ALL.len()],
    /// Keys and values together.
    bytes: u64,
}

impl Spaces {
    fn map(&self, space: Space) -> &Arc<Map> {
        &self.maps[space as usize]
    }

    fn map_mut(&mut self, space: Space) -> &mut Map {
        Arc::make_mut(&mut self.maps[space as usize])
    }

    fn apply(&mut self, writes: &[Write]) {
        for write in writes {
            match write {
                Write::Put(space, key, value) => self.put(*space, key, value.clone()),
                Write::Delete(space, key) => self.remove(*space, key),
                Write::DeleteRange(space, from, to) => self.remove_range(*space, from, to),
            }
        }
    }

    fn put(&mut self, space: Space, key: &[u8], value: Bytes) {
        let key = Bytes::copy_from_slice(key);
        let added = key.len() + value.len();
        let key_len = key.len();
        let replaced = self.map_mut(space).insert(key, value).map_or(0, |old| key_len + old.len());
        self.bytes = self.bytes + added as u64 - replaced as u64;
    }

    fn remove(&mut self, space: Space, key: &[u8]) {
        // Looked up first so that removing what is absent never copies a map that a scan holds.
        if !self.map(space).contains_key(key) {
            return;
        }
        if let Some(value) = self.map_mut(space).remove(key) {
            self.bytes -= (key.len() + value.len()) as u64;
        }
    }

    fn remove_range(&mut self, space: Space, from: &[u8], to: &[u8]) {
        if from >= to {
            return;
        }
        let keys: Vec<Bytes> = self.map(space).range::<[u8], _>(bounds(from, to)).map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.remove(space, &key);
        }
    }
}

fn bounds<'a>(from: &'a [u8], to: &'a [u8]) -> (Bound<&'a [u8]>, Bound<&'a [u8]>) {
    (Bound::Included(from), Bound::Excluded(to))
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{self, contents, put};
    use super::*;

    conformance::cases!(Memory::new());

    #[test]
    fn a_crash_keeps_the_flushed_part_and_a_prefix_of_the_rest() {
        let memory = Memory::crashing();
        for n in 0..5u8 {
            memory.write(&[put(Space::Meta, &[n], b"m"), put(Space::Chunks, &[n], b"c")]).unwrap();
            if n == 1 {
                memory.flush().unwrap();
            }
        }
        assert_eq!(memory.unflushed(), 3);
        for kept in 0..=4 {
            let after = memory.crash_copy(kept, LateReclaims::Undone).unwrap();
            let expected: Vec<u8> = (0..(2 + kept.min(3)) as u8).collect();
            for space in [Space::Meta, Space::Chunks] {
                let keys: Vec<u8> = contents(&after, space).iter().map(|(key, _)| key[0]).collect();
                assert_eq!(keys, expected);
            }
            assert_eq!(after.unflushed(), 0);
        }
    }

    #[test]
    fn a_late_reclaim_may_reach_the_disk_before_the_batches_it_followed() {
        let memory = Memory::crashing();
        memory.write(&[put(Space::Chunks, b"a", b"1")]).unwrap();
        memory.flush().unwrap();
        memory.write(&[put(Space::Meta, b"a is dead", b"")]).unwrap();
        memory.reclaim(Space::Chunks, b"a", b"b").unwrap();
        let undone = memory.crash_copy(0, LateReclaims::Undone).unwrap();
        assert_eq!(contents(&undone, Space::Chunks).len(), 1);
        let done = memory.crash_copy(0, LateReclaims::Done).unwrap();
        assert!(contents(&done, Space::Chunks).is_empty());
        assert!(contents(&done, Space::Meta).is_empty());
    }

    #[test]
    fn a_plain_store_has_no_crash_model_and_counts_its_bytes() {
        let memory = Memory::default();
        memory.write(&[put(Space::Names, b"key", b"value"), put(Space::Names, b"key", b"v")]).unwrap();
        assert!(memory.crash_copy(0, LateReclaims::Done).is_none());
        assert_eq!((memory.unflushed(), memory.stats().memtable_bytes), (0, 4));
        memory.write(&[Write::Delete(Space::Names, b"key".to_vec())]).unwrap();
        assert_eq!(memory.stats().memtable_bytes, 0);
    }
}
