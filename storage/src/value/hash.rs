//! A hash: fields with values, each of which may have a deadline of its own.
//!
//! Must never know clocks: who looks at a hash first takes away what is due ([`Hash::due`]).

use super::table::{Compact, Content, Table};
use super::{VERSION, check_version, misfit};
use crate::change::Change;
use crate::codec::{Put, Reader};
use crate::error::Result;
use bytes::Bytes;
use std::collections::BTreeSet;

/// Up to where the reference holds a hash in its compact form.
const COMPACT: Compact = Compact { elements: 512, bytes: 64 };

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its value.
    pub value: Bytes,
    /// Unix time in milliseconds at which it vanishes.
    pub deadline_ms: Option<u64>,
}

impl Content for Field {
    fn write(&self, out: &mut Vec<u8>) {
        out.put_bytes(&self.value);
        out.put_option(self.deadline_ms);
    }

    fn read(r: &mut Reader<'_>) -> Result<Field> {
        Ok(Field { value: Bytes::copy_from_slice(r.bytes()?), deadline_ms: r.option()? })
    }

    fn width(&self) -> usize {
        self.value.len()
    }
}

/// A hash.
#[derive(Clone, Debug)]
pub struct Hash {
    fields: Table<Field>,
    /// (deadline, field) of every field that has one.
    deadlines: BTreeSet<(u64, Bytes)>,
    /// A field had a deadline once.
    timed: bool,
}

impl Hash {
    /// An empty one.
    pub fn new(seed: u64) -> Hash {
        Hash { fields: Table::new(seed, COMPACT), deadlines: BTreeSet::new(), timed: false }
    }

    /// Its fields.
    pub fn fields(&self) -> &Table<Field> {
        &self.fields
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The value of a field.
    pub fn get(&self, field: &[u8]) -> Option<&Bytes> {
        self.fields.get(field).map(|f| &f.value)
    }

    /// Whether a field had a deadline once.
    pub fn was_timed(&self) -> bool {
        self.timed
    }

    /// When the next field vanishes.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// A field whose deadline is over.
    pub fn due(&self, now_ms: i64) -> Option<&Bytes> {
        self.deadlines.first().filter(|(at, _)| *at as i64 <= now_ms).map(|(_, field)| field)
    }

    /// Whether the deadlines of all its fields are over.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.deadlines.len() == self.len() && self.deadlines.last().is_some_and(|(at, _)| *at as i64 <= now_ms)
    }

    fn put(&mut self, name: Bytes, field: Field) {
        let deadline_ms = field.deadline_ms;
        let old = self.fields.put(name.clone(), field).and_then(|f| f.deadline_ms);
        if old != deadline_ms {
            // Clients of the reference know small hashes in the order of their deadlines, fields without one behind.
            let is_behind = |f: &Field| deadline_ms.is_some_and(|new| f.deadline_ms.is_none_or(|at| at >= new));
            self.fields.place(&name, is_behind);
        }
        self.index(&name, old, deadline_ms);
    }

    fn index(&mut self, name: &Bytes, old: Option<u64>, new: Option<u64>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.deadlines.remove(&(old, name.clone()));
        }
        if let Some(new) = new {
            self.deadlines.insert((new, name.clone()));
            self.timed = true;
        }
    }

    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Result<()> {
        match *change {
            Change::FieldPut { field, value, deadline_ms } => {
                let content = Field { value: Bytes::copy_from_slice(value), deadline_ms };
                self.put(Bytes::copy_from_slice(field), content);
            }
            Change::FieldRemove { field } => {
                let (name, old) = self.fields.remove(field).ok_or_else(|| misfit(change))?;
                self.index(&name, old.deadline_ms, None);
            }
            Change::FieldDeadline { field, at_ms } => {
                let (name, found) = self.fields.entry(field).ok_or_else(|| misfit(change))?;
                let (name, found) = (name.clone(), found.clone());
                self.put(name, Field { deadline_ms: at_ms, ..found });
            }
            _ => return Err(misfit(change)),
        }
        Ok(())
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        size_of::<Hash>() + self.fields.memory() + self.deadlines.len() * 2 * size_of::<(u64, Bytes)>()
    }

    /// Its record.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION, u8::from(self.timed)];
        self.fields.write(&mut out);
        out
    }

    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Result<Hash> {
        let mut r = Reader::new(bytes, "hash");
        check_version(&mut r, "hash")?;
        let timed = r.byte()? != 0;
        let fields: Table<Field> = Table::read(&mut r, COMPACT)?;
        let deadlines: BTreeSet<(u64, Bytes)> =
            fields.iter().filter_map(|(name, f)| Some((f.deadline_ms?, name.clone()))).collect();
        Ok(Hash { timed: timed || !deadlines.is_empty(), fields, deadlines })
    }
}
