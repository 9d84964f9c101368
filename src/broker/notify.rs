//! Keyspace notifications: what happened to keys, published to those who listen.
//!
//! The store notes events while a call runs ([`brooklet_storage::store::Events`]); they are published when the call is over,
//! so in the order of the calls, and after its reply to whoever made it. Must never know: verbs.

use super::pubsub::Space;
use super::{Ctx, Engine};
use brooklet_storage::store::{Class, Event, Key};

/// Which notifications are published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// To a channel for each key: what happened.
    by_key: bool,
    /// To a channel for each event: the key.
    by_event: bool,
    classes: Class,
}

impl Notify {
    /// What the letters of `notify-keyspace-events` ask for.
    pub fn of(letters: &str) -> Notify {
        let mut notify = Notify::default();
        for letter in letters.chars() {
            match letter {
                'K' => notify.by_key = true,
                'E' => notify.by_event = true,
                letter => notify.classes = notify.classes.and(class(letter)),
            }
        }
        notify
    }

    /// The classes that have to be noted.
    fn wanted(self) -> Class {
        if self.by_key || self.by_event { self.classes } else { Class::NONE }
    }
}

fn class(letter: char) -> Class {
    match letter {
        'g' => Class::GENERIC,
        '$' => Class::STRING,
        'l' => Class::LIST,
        's' => Class::SET,
        'h' => Class::HASH,
        'z' => Class::SORTED_SET,
        't' => Class::STREAM,
        'x' => Class::EXPIRED,
        'm' => Class::MISS,
        'n' => Class::NEW,
        'A' => "g$lshztx".chars().fold(Class::NONE, |all, letter| all.and(class(letter))),
        // Eviction and modules: neither happens here.
        _ => Class::NONE,
    }
}

impl Engine {
    /// Follows the option.
    pub(super) fn apply_notify(&mut self) {
        self.notify = Notify::of(&self.config.notify_keyspace_events);
        self.store.events.wanted = self.notify.wanted();
    }

    /// Tells what was changed since the last time, to those who watch, track or listen.
    #[inline]
    pub fn note_changes(&mut self) {
        self.note_touches();
        if !self.in_queue && !self.tracking.is_empty() {
            self.tell_broadcasts();
        }
        if !self.store.events.is_empty() {
            self.publish_events();
        }
    }

    fn publish_events(&mut self) {
        for Event { word, db, name } in self.store.events.take() {
            if self.pubsub.is_empty() {
                continue;
            }
            if self.notify.by_key {
                let channel = [format!("__keyspace@{db}__:").as_bytes(), &name].concat();
                self.publish(Space::Channel, &channel, word.as_bytes());
            }
            if self.notify.by_event {
                let channel = format!("__keyevent@{db}__:{word}");
                self.publish(Space::Channel, channel.as_bytes(), &name);
            }
        }
    }
}

impl Ctx<'_> {
    /// Says what happened to the key `name` of the caller's database.
    #[inline]
    pub fn notify(&mut self, class: Class, word: &'static str, name: &[u8]) {
        self.engine.store.notify(class, word, self.db, name);
    }

    /// Says what happened to a key that is there.
    #[inline]
    pub fn notify_key(&mut self, class: Class, word: &'static str, key: Key) {
        self.engine.store.notify_key(class, word, key);
    }

    /// Deletes a key that the caller wanted to be deleted.
    pub fn delete(&mut self, key: Key) {
        self.notify_key(Class::GENERIC, "del", key);
        self.engine.store.delete(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_without_a_kind_of_channel_want_nothing() {
        assert_eq!(Notify::of("A").wanted(), Class::NONE);
        assert_eq!(Notify::of("K").wanted(), Class::NONE);
        assert!(Notify::of("Et").wanted().meets(Class::STREAM));
        assert!(!Notify::of("KEA").wanted().meets(Class::MISS.and(Class::NEW)));
        assert!(Notify::of("Kmn").wanted().meets(Class::NEW));
    }
}
