//! What hashes, lists, sets and sorted sets are: plain structures without keys, clocks or disks.
//!
//! Each can apply a [`Change`], be written as one record and be read from it. Read next: `table.rs` (what three of them
//! stand on), then the kinds.

pub mod hash;
pub mod list;
pub mod order;
pub mod set;
pub mod sorted_set;
pub mod table;

use crate::change::Change;
use crate::codec::Reader;
use crate::error::{Result, StorageError};
use crate::keyspace::object::{Kind, Value};
use hash::Hash;
use list::List;
use set::Set;
use sorted_set::SortedSet;

/// The first byte of each record.
const VERSION: u8 = 1;

fn check_version(r: &mut Reader<'_>, what: &'static str) -> Result<()> {
    match r.byte()? {
        VERSION => Ok(()),
        other => Err(StorageError::corrupt(what, format!("version {other}"))),
    }
}

fn misfit(change: &Change<'_>) -> StorageError {
    StorageError::corrupt("batch", format!("{change:?} does not fit the value"))
}

/// An integer exactly as it would be printed.
pub fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    match digits {
        [] => return None,
        [b'0'] => return (!negative).then_some(0),
        [b'0', ..] => return None,
        _ => {}
    }
    let magnitude = crate::id::parse_u64(digits)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

impl Value {
    /// An empty value; `seed` keys the hashes of its elements.
    pub(crate) fn empty(kind: Kind, seed: u64) -> Value {
        match kind {
            Kind::Hash => Value::Hash(Box::new(Hash::new(seed))),
            Kind::List => Value::List(Box::default()),
            Kind::Set => Value::Set(Box::new(Set::new(seed))),
            Kind::SortedSet => Value::SortedSet(Box::new(SortedSet::new(seed))),
            Kind::Str => Value::Str(bytes::Bytes::new()),
            Kind::Stream => Value::Stream(Box::default()),
        }
    }

    /// Whether it holds elements and has none: such a key must not be.
    pub(crate) fn has_nothing(&self) -> bool {
        match self {
            Value::Hash(hash) => hash.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Set(set) => set.is_empty(),
            Value::SortedSet(set) => set.is_empty(),
            Value::Str(_) | Value::Stream(_) => false,
        }
    }

    /// When the next field of a hash vanishes.
    pub(crate) fn next_field_deadline(&self) -> Option<u64> {
        match self {
            Value::Hash(hash) => hash.next_deadline_ms(),
            _ => None,
        }
    }

    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Result<()> {
        match self {
            Value::Hash(hash) => hash.apply(change),
            Value::List(list) => list.apply(change),
            Value::Set(set) => set.apply(change),
            Value::SortedSet(set) => set.apply(change),
            Value::Str(_) | Value::Stream(_) => Err(misfit(change)),
        }
    }

    /// Reads the record of a value that holds elements.
    pub(crate) fn read(kind: Kind, bytes: &[u8]) -> Result<Value> {
        Ok(match kind {
            Kind::Hash => Value::Hash(Box::new(Hash::read(bytes)?)),
            Kind::List => Value::List(Box::new(List::read(bytes)?)),
            Kind::Set => Value::Set(Box::new(Set::read(bytes)?)),
            Kind::SortedSet => Value::SortedSet(Box::new(SortedSet::read(bytes)?)),
            Kind::Str | Kind::Stream => return Err(StorageError::corrupt("value", "another kind")),
        })
    }
}

#[cfg(test)]
mod tests;
