//! One database: its names, the objects in memory, deadlines, and what has to be written at the next checkpoint.
//!
//! Must never know: effects, the journal, where records are stored. Read next: `table.rs`, `object.rs`.

pub mod lease;
pub mod object;
pub mod table;

use crate::id::StreamId;
use lease::{Lease, Placed};
use object::{Kind, Object, Value};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use table::{COLD, NameTable};

/// A name whose record on disk has to go, with the value it stood for unless that lives on under another name.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    pub hash: u64,
    pub name: Box<[u8]>,
    pub value: Option<GoneValue>,
}

/// The records of a value that is gone.
#[derive(Clone, Debug)]
pub(crate) struct GoneValue {
    pub uid: u64,
    pub kind: Kind,
    /// Chunks on disk: epoch and base.
    pub chunks: Vec<(u32, StreamId)>,
}

impl GoneValue {
    pub(crate) fn of(object: &Object) -> GoneValue {
        let chunks = match &object.value {
            Value::Stream(stream) => stream.log.on_disk().collect(),
            _ => Vec::new(),
        };
        GoneValue { uid: object.uid, kind: object.kind(), chunks }
    }
}

/// One logical database.
#[derive(Debug, Default)]
pub struct Database {
    /// The number its records carry; a flush gives it a new one.
    pub(crate) physical: u32,
    pub(crate) names: NameTable,
    pub(crate) objects: Vec<Option<Box<Object>>>,
    free: Vec<u32>,
    /// Slots that became free since the last attempt to have fewer.
    released: usize,
    /// (deadline, hash) of every key that has one, cold ones included.
    pub(crate) deadlines: BTreeSet<(u64, u64)>,
    /// (deadline, slot) of the field that vanishes next, of every hash in memory that has such a field.
    pub(crate) field_deadlines: BTreeSet<(u64, u32)>,
    /// Where the next sweep over the deadlines begins.
    pub(crate) sweep_from: (u64, u64),
    /// Slots whose objects may be dirty, the longest waiting first, each once (`queued`).
    dirty: VecDeque<u32>,
    queued: Vec<bool>,
    pub(crate) gone: VecDeque<Gone>,
    /// Bytes of sealed chunks in memory, of all streams here.
    pub(crate) chunk_bytes: usize,
    /// Hashes that more than one name had. Their keys are either all in memory or all on disk: a load brings all keys
    /// of a hash, and could not tell which of them is the newer one elsewhere.
    collided: HashSet<u64>,
    /// Leases by their tokens.
    pub(crate) leases: HashMap<u64, Placed>,
}

/// What is known about a name without asking the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// In memory, in this slot.
    Slot(u32),
    /// Perhaps on disk: something with this hash is.
    Cold,
    /// Certainly nowhere.
    Absent,
}

impl Database {
    /// An empty database whose records carry the number `physical`.
    pub(crate) fn new(physical: u32) -> Database {
        Database { physical, ..Database::default() }
    }

    /// Number of keys.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Bytes of the table of names.
    pub fn names_memory(&self) -> usize {
        self.names.memory()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Number of keys with a deadline.
    pub fn expiring(&self) -> usize {
        self.deadlines.len()
    }

    /// Number of keys whose deadline is not over at `now_ms`.
    pub fn visible(&self, now_ms: i64) -> usize {
        let over = ..=(now_ms.max(0) as u64, u64::MAX);
        self.len().saturating_sub(self.deadlines.range(over).count())
    }

    /// The mean deadline in Unix milliseconds: exact up to a thousand keys, beyond that from the thousand at both ends.
    pub fn mean_deadline_ms(&self) -> Option<u64> {
        const LOOKED_AT: usize = 1000;
        let count = self.deadlines.len().min(LOOKED_AT);
        let (front, back) = (count / 2, count - count / 2);
        let ends = self.deadlines.iter().take(front).chain(self.deadlines.iter().rev().take(back));
        let sum: u128 = ends.map(|(deadline, _)| u128::from(*deadline)).sum();
        sum.checked_div(count as u128).map(|mean| mean as u64)
    }

    #[inline]
    pub(crate) fn find(&self, hash: u64, name: &[u8]) -> Found {
        let mut cold = false;
        for slot in self.names.find(hash) {
            match self.objects.get(slot as usize) {
                Some(Some(object)) if *object.name == *name => return Found::Slot(slot),
                _ => cold |= slot == COLD,
            }
        }
        if cold { Found::Cold } else { Found::Absent }
    }

    #[inline]
    pub(crate) fn object(&self, slot: u32) -> Option<&Object> {
        self.objects.get(slot as usize)?.as_deref()
    }

    #[inline]
    pub(crate) fn object_mut(&mut self, slot: u32) -> Option<&mut Object> {
        self.objects.get_mut(slot as usize)?.as_deref_mut()
    }

    /// Adds an object under its name, which must not be there.
    pub(crate) fn insert(&mut self, object: Object) -> u32 {
        let hash = object.hash;
        if let Some(deadline) = object.deadline_ms {
            self.deadlines.insert((deadline, hash));
        }
        let slot = self.occupy(Box::new(object));
        self.add_name(hash, slot);
        slot
    }

    fn add_name(&mut self, hash: u64, slot: u32) {
        if self.names.find(hash).next().is_some() {
            self.collided.insert(hash);
        }
        self.names.insert(hash, slot);
    }

    fn occupy(&mut self, object: Box<Object>) -> u32 {
        self.chunk_bytes += object.chunk_bytes();
        let field_deadline = object.value.next_field_deadline();
        let slot = match self.free.pop() {
            Some(slot) => {
                self.objects[slot as usize] = Some(object);
                slot
            }
            None => {
                self.objects.push(Some(object));
                self.queued.push(false);
                (self.objects.len() - 1) as u32
            }
        };
        self.note_field_deadline(slot, None, field_deadline);
        slot
    }

    /// Keeps the index of fields that vanish.
    pub(crate) fn note_field_deadline(&mut self, slot: u32, old: Option<u64>, new: Option<u64>) {
        if let Some(old) = old.filter(|_| old != new) {
            self.field_deadlines.remove(&(old, slot));
        }
        if let Some(new) = new.filter(|_| old != new) {
            self.field_deadlines.insert((new, slot));
        }
    }

    /// Notes that a slot is free. Once most are, those at the end are given back, and the lowest are used first, so that
    /// the end becomes free as keys come and go.
    fn release(&mut self, slot: u32) {
        self.free.push(slot);
        self.released += 1;
        if self.released < (self.objects.len() / 16).max(1024) || self.free.len() * 4 < self.objects.len() * 3 {
            return;
        }
        self.released = 0;
        let used = self.objects.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        self.objects.truncate(used);
        self.queued.truncate(used);
        self.free.retain(|slot| (*slot as usize) < used);
        self.free.sort_unstable_by(|a, b| b.cmp(a));
        self.objects.shrink_to(2 * used);
        self.queued.shrink_to(2 * used);
        self.free.shrink_to(2 * used);
    }

    /// Takes an object and its name out.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Box<Object>> {
        let object = self.objects.get_mut(slot as usize)?.take()?;
        self.names.remove(object.hash, slot);
        self.note_field_deadline(slot, object.value.next_field_deadline(), None);
        self.release(slot);
        self.chunk_bytes -= object.chunk_bytes();
        self.forget_deadline(object.deadline_ms, object.hash);
        Some(object)
    }

    /// Takes a deadline out of the index, unless another key with this hash has the same one.
    fn forget_deadline(&mut self, deadline_ms: Option<u64>, hash: u64) {
        let Some(deadline) = deadline_ms else { return };
        let same = |slot| self.object(slot).is_some_and(|o| o.deadline_ms == deadline_ms);
        if !self.names.find(hash).any(same) {
            self.deadlines.remove(&(deadline, hash));
        }
    }

    /// Drops a clean object from memory; its name stays as cold.
    pub(crate) fn evict(&mut self, slot: u32) -> Option<Box<Object>> {
        let place = self.objects.get_mut(slot as usize)?;
        let leases = &self.leases;
        let is_lease = |o: &Object| o.token && leases.contains_key(&o.uid);
        if place.as_ref().is_none_or(|o| o.dirty || !o.stored || self.collided.contains(&o.hash) || is_lease(o)) {
            return None;
        }
        let object = place.take()?;
        self.names.replace(object.hash, slot, COLD);
        self.note_field_deadline(slot, object.value.next_field_deadline(), None);
        self.release(slot);
        self.chunk_bytes -= object.chunk_bytes();
        Some(object)
    }

    /// Notes at start that a key with this hash is on disk.
    pub(crate) fn add_cold(&mut self, hash: u64, deadline_ms: Option<u64>) {
        self.add_name(hash, COLD);
        if let Some(deadline) = deadline_ms {
            self.deadlines.insert((deadline, hash));
        }
    }

    /// How many keys with this hash are only on disk.
    pub(crate) fn cold(&self, hash: u64) -> usize {
        self.names.find(hash).filter(|slot| *slot == COLD).count()
    }

    /// Puts an object that was read from disk in place of its cold name; in which slot.
    pub(crate) fn install(&mut self, object: Object) -> u32 {
        let hash = object.hash;
        let slot = self.occupy(Box::new(object));
        self.names.replace(hash, COLD, slot);
        slot
    }

    pub(crate) fn set_deadline(&mut self, slot: u32, deadline_ms: Option<u64>) {
        let Some(object) = self.object_mut(slot) else { return };
        let (old, hash) = (object.deadline_ms, object.hash);
        object.deadline_ms = deadline_ms;
        object.name_dirty = true;
        self.forget_deadline(old, hash);
        if let Some(new) = deadline_ms {
            self.deadlines.insert((new, hash));
        }
    }

    /// What is known of the lease in `slot`, if it is one.
    pub(crate) fn lease(&self, slot: u32) -> Option<&Lease> {
        let object = self.object(slot).filter(|o| o.token)?;
        self.leases.get(&object.uid).map(|placed| &placed.lease)
    }

    /// Works on the object in `slot` and keeps count of the chunks it holds.
    pub(crate) fn with_chunks<T>(&mut self, slot: u32, work: impl FnOnce(&mut Object) -> T) -> Option<T> {
        let object = self.objects.get_mut(slot as usize)?.as_deref_mut()?;
        let before = object.chunk_bytes();
        let done = work(object);
        self.chunk_bytes = self.chunk_bytes - before + object.chunk_bytes();
        Some(done)
    }

    pub(crate) fn mark_dirty(&mut self, slot: u32) {
        let Some(object) = self.objects.get_mut(slot as usize).and_then(Option::as_deref_mut) else { return };
        object.dirty = true;
        let queued = &mut self.queued[slot as usize];
        if !*queued {
            *queued = true;
            self.dirty.push_back(slot);
        }
    }

    /// About how many objects are dirty.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len()
    }

    /// Lets an object that was not gathered whole wait on, in front of all others.
    pub(crate) fn still_dirty(&mut self, slot: u32) {
        let queued = &mut self.queued[slot as usize];
        if !*queued {
            *queued = true;
            self.dirty.push_front(slot);
        }
    }

    /// The object that waits longest to be written, still marked dirty.
    pub(crate) fn next_dirty(&mut self) -> Option<(u32, &mut Object)> {
        while let Some(slot) = self.dirty.pop_front() {
            // Slots may stand here whose object is gone, or came from the disk since.
            let Some(queued) = self.queued.get_mut(slot as usize) else { continue };
            *queued = false;
            if self.object(slot).is_some_and(|o| o.dirty) {
                return self.object_mut(slot).map(|o| (slot, o));
            }
        }
        None
    }

    /// Objects in memory with their slots.
    #[cfg(test)]
    pub(crate) fn resident(&self) -> impl Iterator<Item = (u32, &Object)> {
        self.objects.iter().enumerate().filter_map(|(slot, o)| Some((slot as u32, o.as_deref()?)))
    }
}
