//! What a check has found, as data: what was looked at, what is wrong, and where. Must never know: how it was found, who reads it.

use crate::keyspace::object::Kind as Type;
use std::fmt;
use std::path::PathBuf;

/// So many findings are kept; of what comes after them only the number is. A folder that is broken throughout must not
/// fill the memory of whoever looks at it.
const MOST: usize = 10_000;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The folder itself: its format, its own small files.
    Folder,
    /// The backend cannot be opened.
    Backend,
    /// A file of the backend.
    Table,
    /// A fact about the whole store.
    Meta,
    /// The record of a name.
    Name,
    /// The record of a value.
    Value,
    /// A stream's header.
    Header,
    /// A stream's index of chunks.
    Index,
    /// A chunk.
    Chunk,
    /// A number that does not agree with what it counts.
    Count,
    /// A pending entry.
    Pending,
    /// Records to which nothing refers.
    Orphan,
    /// The journal.
    Journal,
    /// The watermark.
    Watermark,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Folder => "folder",
            Kind::Backend => "backend",
            Kind::Table => "table file",
            Kind::Meta => "store",
            Kind::Name => "name",
            Kind::Value => "value",
            Kind::Header => "stream header",
            Kind::Index => "stream index",
            Kind::Chunk => "chunk",
            Kind::Count => "count",
            Kind::Pending => "pending entry",
            Kind::Orphan => "orphan",
            Kind::Journal => "journal",
            Kind::Watermark => "watermark",
        }
    }

    /// What it means for the data.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::Folder | Kind::Backend | Kind::Meta | Kind::Name => "a start refuses, or misses keys",
            Kind::Table => "a start refuses, or reads of what stands there answer an error",
            Kind::Value | Kind::Header | Kind::Index | Kind::Chunk | Kind::Pending => {
                "reads of the key answer an error"
            }
            Kind::Count => "answers disagree with what is there",
            Kind::Orphan => "takes space that does not come back; no data is missing",
            Kind::Journal => "a start refuses, or ends before what was written",
            Kind::Watermark => "a start refuses, or cannot tell whether durable data is missing",
        }
    }
}

/// Where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The store as a whole.
    Store,
    /// A file, or a folder.
    File(PathBuf),
    /// A key.
    Key {
        /// Its database.
        db: u32,
        /// Its name.
        name: Box<[u8]>,
    },
    /// Records whose key is not known.
    Records {
        /// The number under which a database writes.
        physical: u32,
        /// The value's number.
        uid: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Store => f.write_str("the whole store"),
            Place::File(path) => write!(f, "{}", path.display()),
            Place::Key { db, name } => write!(f, "key \"{}\" in database {db}", name.escape_ascii()),
            Place::Records { physical, uid } => write!(f, "records of value {uid} under {physical}"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Where.
    pub place: Place,
    /// What exactly, with ids and numbers.
    pub text: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} ({})", self.kind.name(), self.place, self.text, self.kind.meaning())
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Keys, by type in the order of [`Type`].
    pub keys: [u64; 6],
    /// Elements of hashes, lists, sets and sorted sets.
    pub elements: u64,
    /// Live entries of streams.
    pub entries: u64,
    /// Chunks on disk.
    pub chunks: u64,
    /// Consumer groups.
    pub groups: u64,
    /// Consumers.
    pub consumers: u64,
    /// Pending entries.
    pub pending: u64,
    /// Ids that idempotent producers have used.
    pub idempotent: u64,
    /// Journal segments.
    pub segments: u64,
    /// Records in them.
    pub records: u64,
    /// Commits that a start would replay.
    pub replayed: u64,
    /// Bytes of these.
    pub replayed_bytes: u64,
    /// The last commit that the records hold.
    pub applied: u64,
    /// The last commit that a start would come to.
    pub recovered: u64,
    /// The last commit that the watermark knows to have been durable.
    pub watermark: u64,
}

impl Looked {
    pub(super) fn key(&mut self, kind: Type) {
        self.keys[kind as usize - 1] += 1;
    }

    /// Lines for people.
    pub fn lines(&self) -> [String; 4] {
        let [strings, streams, hashes, lists, sets, sorted] = self.keys;
        let keys: u64 = self.keys.iter().sum();
        [
            format!(
                "keys: {keys} ({strings} strings, {streams} streams, {hashes} hashes, {lists} lists, {sets} sets, \
                 {sorted} sorted sets), {} elements",
                self.elements
            ),
            format!(
                "streams: {} entries, {} chunks, {} groups, {} consumers, {} pending entries, {} idempotent ids",
                self.entries, self.chunks, self.groups, self.consumers, self.pending, self.idempotent
            ),
            format!(
                "journal: {} segments with {} records; a start would replay {} commits, {} bytes",
                self.segments, self.records, self.replayed, self.replayed_bytes
            ),
            format!(
                "commits: the records hold {}, a start would come to {}, the watermark is at {}",
                self.applied, self.recovered, self.watermark
            ),
        ]
    }
}

/// The outcome of a check.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was looked at.
    pub looked: Looked,
    /// What is wrong, in the order in which it was met.
    pub findings: Vec<Finding>,
    /// Findings beyond those that are kept.
    pub more: u64,
    /// What is worth knowing and not wrong: what a crash or a power cut leaves.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn found(&mut self, kind: Kind, place: Place, text: impl Into<String>) {
        let finding = Finding { kind, place, text: text.into() };
        // A damaged block is met by everyone who reads it.
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < MOST {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_what_where_and_what_it_means() {
        let place = Place::Key { db: 3, name: Box::from(&b"a\"b\xff"[..]) };
        let finding = Finding { kind: Kind::Chunk, place, text: "chunk 5-1 is missing".into() };
        let line = "chunk: key \"a\\\"b\\xff\" in database 3: chunk 5-1 is missing (reads of the key answer an error)";
        assert_eq!(finding.to_string(), line);
    }

    #[test]
    fn what_is_broken_throughout_does_not_fill_the_memory() {
        let mut report = Report::default();
        for n in 0..MOST as u64 + 7 {
            report.found(Kind::Value, Place::Records { physical: 0, uid: n }, "x");
        }
        assert_eq!((report.findings.len(), report.more, report.is_sound()), (MOST, 7, false));
        report.found(Kind::Value, Place::Records { physical: 0, uid: 1 }, "x");
        assert_eq!(report.more, 7, "the same once more");
    }
}
