//! Events: that something happened to a key, in a word. Nothing is noted of classes that nobody wants to hear of.
//! Must never know: channels, subscribers, the letters of options.

use super::{Key, Store};

/// A class of events, or several of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Class(u16);

impl Class {
    /// None.
    pub const NONE: Class = Class(0);
    /// Keys of any type: deleted, renamed, given a deadline.
    pub const GENERIC: Class = Class(1);
    /// Strings.
    pub const STRING: Class = Class(1 << 1);
    /// Lists.
    pub const LIST: Class = Class(1 << 2);
    /// Sets.
    pub const SET: Class = Class(1 << 3);
    /// Hashes.
    pub const HASH: Class = Class(1 << 4);
    /// Sorted sets.
    pub const SORTED_SET: Class = Class(1 << 5);
    /// Streams.
    pub const STREAM: Class = Class(1 << 6);
    /// Keys that vanished at their deadline.
    pub const EXPIRED: Class = Class(1 << 7);
    /// Reads that found no key.
    pub const MISS: Class = Class(1 << 8);
    /// Keys that are new.
    pub const NEW: Class = Class(1 << 9);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Class) -> Class {
        Class(self.0 | other.0)
    }

    /// Whether they have a class in common.
    #[inline]
    pub const fn meets(self, other: Class) -> bool {
        self.0 & other.0 != 0
    }
}

/// Something that happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it was.
    pub word: &'static str,
    /// The key's database.
    pub db: u32,
    /// The key's name.
    pub name: Box<[u8]>,
}

/// Events that were not told yet.
#[derive(Debug, Default)]
pub struct Events {
    /// Classes that somebody wants to hear of.
    pub wanted: Class,
    noted: Vec<Event>,
}

impl Events {
    /// Whether there is nothing to tell.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.noted.is_empty()
    }

    /// What happened, in its order.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.noted)
    }
}

impl Store {
    /// Notes that something happened to a key, if somebody wants to hear of its class.
    #[inline]
    pub fn notify(&mut self, class: Class, word: &'static str, db: u32, name: &[u8]) {
        if self.events.wanted.meets(class) {
            self.events.noted.push(Event { word, db, name: name.into() });
        }
    }

    /// [`Store::notify`] for a key that is there.
    #[inline]
    pub fn notify_key(&mut self, class: Class, word: &'static str, key: Key) {
        if self.events.wanted.meets(class) {
            let name = self.object(key).name.clone();
            self.events.noted.push(Event { word, db: key.db, name });
        }
    }
}
