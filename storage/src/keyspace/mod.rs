//! One database: its names, the objects in memory, deadlines, and what has to be written at the next checkpoint.
//!
//! Must never know: effects, the journal, where records are stored. Read next: `table.rs`, `object.rs`.

pub mod object;
pub mod table;

use crate::id::StreamId;
use object::{Kind, Object, Value};
use std::collections::BTreeSet;
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
            Value::Str(_) => Vec::new(),
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
    pub(crate) free: Vec<u32>,
    /// (deadline, hash) of every key that has one, cold ones included.
    pub(crate) deadlines: BTreeSet<(u64, u64)>,
    pub(crate) dirty: Vec<u32>,
    pub(crate) gone: Vec<Gone>,
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
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.names.len()
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
        self.names.insert(hash, slot);
        slot
    }

    fn occupy(&mut self, object: Box<Object>) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.objects[slot as usize] = Some(object);
                slot
            }
            None => {
                self.objects.push(Some(object));
                (self.objects.len() - 1) as u32
            }
        }
    }

    /// Takes an object and its name out.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Box<Object>> {
        let object = self.objects.get_mut(slot as usize)?.take()?;
        self.names.remove(object.hash, slot);
        self.free.push(slot);
        if let Some(deadline) = object.deadline_ms {
            self.deadlines.remove(&(deadline, object.hash));
        }
        Some(object)
    }

    /// Drops a clean object from memory; its name stays as cold. Returns the bytes that freed.
    pub(crate) fn evict(&mut self, slot: u32) -> usize {
        let Some(place) = self.objects.get_mut(slot as usize) else { return 0 };
        if place.as_ref().is_none_or(|o| o.dirty || !o.stored) {
            return 0;
        }
        let Some(object) = place.take() else { return 0 };
        self.names.replace(object.hash, slot, COLD);
        self.free.push(slot);
        object.memory()
    }

    /// Notes at start that a key with this hash is on disk.
    pub(crate) fn add_cold(&mut self, hash: u64, deadline_ms: Option<u64>) {
        self.names.insert(hash, COLD);
        if let Some(deadline) = deadline_ms {
            self.deadlines.insert((deadline, hash));
        }
    }

    /// Puts an object that was read from disk in place of its cold name.
    pub(crate) fn install(&mut self, object: Object) -> Option<u32> {
        let hash = object.hash;
        if !self.names.find(hash).any(|slot| slot == COLD) {
            return None;
        }
        let slot = self.occupy(Box::new(object));
        self.names.replace(hash, COLD, slot);
        Some(slot)
    }

    pub(crate) fn set_deadline(&mut self, slot: u32, deadline_ms: Option<u64>) {
        let Some(object) = self.objects.get_mut(slot as usize).and_then(Option::as_deref_mut) else { return };
        if let Some(old) = object.deadline_ms {
            self.deadlines.remove(&(old, object.hash));
        }
        if let Some(new) = deadline_ms {
            self.deadlines.insert((new, object.hash));
        }
        object.deadline_ms = deadline_ms;
        object.name_dirty = true;
    }

    pub(crate) fn mark_dirty(&mut self, slot: u32) {
        if let Some(object) = self.objects.get_mut(slot as usize).and_then(Option::as_deref_mut)
            && !object.dirty
        {
            object.dirty = true;
            self.dirty.push(slot);
        }
    }
}
