//! The log of what was denied. What repeats within a minute is one entry that counts.

use std::collections::VecDeque;

/// What was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A command.
    Command,
    /// A key.
    Key,
    /// A channel.
    Channel,
    /// To log in.
    Auth,
}

impl Reason {
    /// As ACL LOG names it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Command => "command",
            Reason::Key => "key",
            Reason::Channel => "channel",
            Reason::Auth => "auth",
        }
    }
}

/// Where it was denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// To a call of a client.
    TopLevel,
    /// In a transaction.
    Multi,
    /// In a script.
    Script,
}

impl Context {
    /// As ACL LOG names it.
    pub fn name(self) -> &'static str {
        match self {
            Context::TopLevel => "toplevel",
            Context::Multi => "multi",
            Context::Script => "lua",
        }
    }
}

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How often it happened.
    pub count: u64,
    /// What was denied.
    pub reason: Reason,
    /// Where.
    pub context: Context,
    /// The command, the key, the channel, or the verb with which a login was tried.
    pub object: Vec<u8>,
    /// To whom.
    pub username: Vec<u8>,
    /// The client, as CLIENT LIST describes it.
    pub client: String,
    /// Its number.
    pub id: u64,
    /// When it happened first, Unix milliseconds.
    pub created_ms: i64,
    /// When it happened last, Unix milliseconds.
    pub updated_ms: i64,
}

/// How long an entry counts what repeats.
const SAME_MS: i64 = 60_000;
/// Entries that are looked at for a repeat.
const COMPARED: usize = 10;

/// The log, newest first, and counters of everything that was ever denied.
#[derive(Clone, Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    next_id: u64,
    counts: [u64; 4],
}

impl Log {
    /// Adds an entry, whose count and id do not matter; at most `longest` are kept.
    pub fn add(&mut self, entry: Entry, longest: usize) {
        self.counts[entry.reason as usize] += 1;
        let same = |known: &Entry| {
            known.reason == entry.reason
                && known.context == entry.context
                && known.object == entry.object
                && known.username == entry.username
                && (known.created_ms - entry.created_ms).abs() <= SAME_MS
        };
        let place = self.entries.iter().take(COMPARED).position(same);
        let entry = match place.and_then(|place| self.entries.remove(place)) {
            Some(known) => Entry { count: known.count + 1, id: known.id, created_ms: known.created_ms, ..entry },
            None => {
                self.next_id += 1;
                Entry { count: 1, id: self.next_id - 1, ..entry }
            }
        };
        self.entries.push_front(entry);
        self.entries.truncate(longest);
    }

    /// How often something was denied.
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts[reason as usize]
    }

    /// The entries, newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets the entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}
