//! One key and its value in memory.

use crate::stream::Stream;
use crate::value::hash::Hash;
use crate::value::list::List;
use crate::value::set::Set;
use crate::value::sorted_set::SortedSet;
use bytes::Bytes;

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Str(Bytes),
    /// A stream.
    Stream(Box<Stream>),
    /// A hash.
    Hash(Box<Hash>),
    /// A list.
    List(Box<List>),
    /// A set.
    Set(Box<Set>),
    /// A sorted set.
    SortedSet(Box<SortedSet>),
}

/// The type of a value as it stands on disk. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A string.
    Str = 1,
    /// A stream.
    Stream = 2,
    /// A hash.
    Hash = 3,
    /// A list.
    List = 4,
    /// A set.
    Set = 5,
    /// A sorted set.
    SortedSet = 6,
}

impl Kind {
    /// The name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "string",
            Kind::Stream => "stream",
            Kind::Hash => "hash",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::SortedSet => "zset",
        }
    }

    /// Whether it is a hash, list, set or sorted set.
    pub fn has_elements(self) -> bool {
        !matches!(self, Kind::Str | Kind::Stream)
    }

    pub(crate) fn from_tag(tag: u8) -> Option<Kind> {
        match tag {
            1 => Some(Kind::Str),
            2 => Some(Kind::Stream),
            3 => Some(Kind::Hash),
            4 => Some(Kind::List),
            5 => Some(Kind::Set),
            6 => Some(Kind::SortedSet),
            _ => None,
        }
    }
}

/// A key with its value.
#[derive(Clone, Debug)]
pub struct Object {
    /// The key's name.
    pub name: Box<[u8]>,
    /// The value.
    pub value: Value,
    /// Unix time in milliseconds at which it vanishes.
    pub deadline_ms: Option<u64>,
    /// Never reused: records of an earlier key with this name cannot be taken for this one's.
    pub(crate) uid: u64,
    pub(crate) hash: u64,
    /// When it was last asked for, in milliseconds of the injected clock.
    pub(crate) used_ms: i64,
    /// It differs from its records on disk.
    pub(crate) dirty: bool,
    /// Its name, type or deadline differ from the record on disk, or there is no record.
    pub(crate) name_dirty: bool,
    /// There are records of it on disk.
    pub(crate) stored: bool,
    /// Its uid is a token: see `store/leases.rs`.
    pub(crate) token: bool,
}

impl Object {
    pub(crate) fn new(name: &[u8], hash: u64, uid: u64, value: Value) -> Object {
        Object {
            name: name.into(),
            value,
            deadline_ms: None,
            uid,
            hash,
            used_ms: 0,
            dirty: false,
            name_dirty: true,
            stored: false,
            token: false,
        }
    }

    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self.value {
            Value::Str(_) => Kind::Str,
            Value::Stream(_) => Kind::Stream,
            Value::Hash(_) => Kind::Hash,
            Value::List(_) => Kind::List,
            Value::Set(_) => Kind::Set,
            Value::SortedSet(_) => Kind::SortedSet,
        }
    }

    /// When it was last used, by the injected clock.
    pub fn used_ms(&self) -> i64 {
        self.used_ms
    }

    /// Whether its deadline is over.
    pub(crate) fn is_over(&self, now_ms: i64) -> bool {
        self.deadline_ms.is_some_and(|d| d as i64 <= now_ms)
    }

    /// Bytes of sealed chunks that it holds in memory.
    pub(crate) fn chunk_bytes(&self) -> usize {
        match &self.value {
            Value::Stream(stream) => stream.log.resident_bytes,
            _ => 0,
        }
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        let value = match &self.value {
            Value::Str(bytes) => bytes.len(),
            Value::Stream(stream) => stream.memory(),
            Value::Hash(hash) => hash.memory(),
            Value::List(list) => list.memory(),
            Value::Set(set) => set.memory(),
            Value::SortedSet(set) => set.memory(),
        };
        size_of::<Object>() + self.name.len() + value
    }
}
