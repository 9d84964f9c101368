//! One key and its value in memory.

use crate::stream::Stream;
use bytes::Bytes;

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string.
    Str(Bytes),
    /// A stream.
    Stream(Box<Stream>),
}

/// The type of a value as it stands on disk. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A string.
    Str = 1,
    /// A stream.
    Stream = 2,
}

impl Kind {
    /// The name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Str => "string",
            Kind::Stream => "stream",
        }
    }

    pub(crate) fn from_tag(tag: u8) -> Option<Kind> {
        match tag {
            1 => Some(Kind::Str),
            2 => Some(Kind::Stream),
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
        }
    }

    /// The type of the value.
    pub fn kind(&self) -> Kind {
        match self.value {
            Value::Str(_) => Kind::Str,
            Value::Stream(_) => Kind::Stream,
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
            Value::Str(_) => 0,
            Value::Stream(stream) => stream.log.resident_bytes,
        }
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        let value = match &self.value {
            Value::Str(bytes) => bytes.len(),
            Value::Stream(stream) => stream.memory(),
        };
        size_of::<Object>() + self.name.len() + value
    }
}
