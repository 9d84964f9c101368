//! What one writer knows of its own data. It is kept in the test process, so no crash of the server touches it.
//!
//! A writer has a log (a stream with a group), a key, and a part in a stream that all share. Entries are named by the
//! number in them; ids are learned from replies. `history.rs` has what was asked for and not looked at yet.

use std::collections::{BTreeSet, VecDeque};

use brooklet_testkit::{Args, args};

/// A stream id, comparable.
pub type Id = (u64, u64);

/// What a writer asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// XGROUP CREATE of the own log with its group: the first of all.
    Make,
    /// XADD of a number to the own log.
    Add(u64),
    /// XADD to the shared stream.
    Share(u64),
    /// XREADGROUP of at most so many.
    Read(usize),
    /// XACK of these ids.
    Ack(Vec<Id>),
    /// SET of the own key.
    Set(u64),
    /// XTRIM of the own log to so many.
    Trim(usize),
    /// A script that sets the own key and adds to the shared stream: both or neither.
    Both(u64),
}

/// The script of [`Op::Both`].
const BOTH: &str = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('XADD', KEYS[2], '*', ARGV[2], ARGV[1]) return 1";

/// An entry: its number, and its id when that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub number: u64,
    pub id: Option<Id>,
}

/// The state that a writer's operations add up to.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    pub writer: usize,
    /// Whether the log and its group are there.
    pub made: bool,
    /// Bytes of filling in each new entry of the log.
    pub filling: usize,
    /// What is in the log.
    pub entries: VecDeque<Entry>,
    /// Entries from here on were never delivered, by number.
    pub undelivered: u64,
    /// The id of the last delivered entry, where it is known.
    pub delivered: Option<Id>,
    /// What is delivered and not acknowledged, by number and id.
    pub pending: Vec<Entry>,
    /// What was added to the shared stream since it was last looked at.
    pub shared: Vec<u64>,
    pub value: Option<u64>,
    /// The numbers given out.
    pub next: u64,
    /// The highest id ever seen in the log.
    pub top: Id,
}

impl Ledger {
    pub fn new(writer: usize) -> Self {
        Self { writer, next: 1, undelivered: 1, delivered: Some((0, 0)), ..Self::default() }
    }

    /// The keys that belong to this writer.
    pub fn log(&self) -> String {
        format!("log{}", self.writer)
    }

    pub fn key(&self) -> String {
        format!("key{}", self.writer)
    }

    /// Applies an operation that happened; `id` is what an addition was answered, if it was.
    pub fn apply(&mut self, op: &Op, id: Option<Id>) {
        match op {
            Op::Make => self.made = true,
            Op::Add(number) => {
                self.entries.push_back(Entry { number: *number, id });
                self.top = self.top.max(id.unwrap_or_default());
            }
            Op::Share(number) => self.shared.push(*number),
            Op::Read(count) => self.deliver(*count),
            Op::Ack(ids) => {
                let ids: BTreeSet<&Id> = ids.iter().collect();
                self.pending.retain(|entry| !entry.id.is_some_and(|id| ids.contains(&id)));
            }
            Op::Set(value) => self.value = Some(*value),
            Op::Trim(length) => {
                let excess = self.entries.len().saturating_sub(*length);
                self.entries.drain(..excess);
            }
            Op::Both(number) => {
                self.shared.push(*number);
                self.value = Some(*number);
            }
        }
    }

    /// What would be delivered next.
    pub fn fresh(&self, count: usize) -> Vec<Entry> {
        let fresh = self.entries.iter().filter(|entry| entry.number >= self.undelivered);
        fresh.take(count).cloned().collect()
    }

    fn deliver(&mut self, count: usize) {
        let delivered = self.fresh(count);
        if let Some(last) = delivered.last() {
            self.undelivered = last.number + 1;
            self.delivered = last.id;
        }
        self.pending.extend(delivered);
    }

    /// The command of an operation.
    pub fn command(&self, op: &Op) -> Args {
        let (log, writer) = (self.log(), self.writer.to_string());
        match op {
            Op::Make => args(&["XGROUP", "CREATE", &log, "g", "0", "MKSTREAM"]),
            Op::Add(number) if self.filling > 0 => {
                args(&["XADD", &log, "*", "n", &number.to_string(), "filling", &"x".repeat(self.filling)])
            }
            Op::Add(number) => args(&["XADD", &log, "*", "n", &number.to_string()]),
            Op::Share(number) => args(&["XADD", "shared", "*", &writer, &number.to_string()]),
            Op::Read(count) => {
                args(&["XREADGROUP", "GROUP", "g", "c", "COUNT", &count.to_string(), "STREAMS", &log, ">"])
            }
            Op::Ack(ids) => {
                let mut words = args(&["XACK", &log, "g"]);
                words.extend(ids.iter().map(|id| spell(*id).into_bytes()));
                words
            }
            Op::Set(value) => args(&["SET", &self.key(), &value.to_string()]),
            Op::Both(number) => args(&["EVAL", BOTH, "2", &self.key(), "shared", &number.to_string(), &writer]),
            Op::Trim(length) => args(&["XTRIM", &log, "MAXLEN", "=", &length.to_string()]),
        }
    }
}

/// `5-1` for (5, 1).
pub fn spell(id: Id) -> String {
    format!("{}-{}", id.0, id.1)
}

/// (5, 1) for `5-1`.
pub fn read_id(text: &str) -> Option<Id> {
    let (ms, seq) = text.split_once('-')?;
    Some((ms.parse().ok()?, seq.parse().ok()?))
}
