//! Consumer groups against the stream they read, and pending entries against the groups they belong to.

use super::stream::Walk;
use super::{At, Check, Kind};
use crate::backend::Space;
use crate::codec::Reader;
use crate::error::Result;
use crate::id::StreamId;
use crate::keys;
use crate::load::scan_prefix;
use crate::stream::Stream;
use crate::stream::pending::{NOBODY, ORDERS};

/// How many live entries each group has behind it, counted while the entries go by.
pub(super) struct Cursors {
    /// By cursor: where it is, the group's number, entries up to it. Those before `at` are counted to the end.
    groups: Vec<(StreamId, u32, u64)>,
    at: usize,
    entries: u64,
}

impl Cursors {
    pub fn of(stream: &Stream) -> Cursors {
        let mut groups: Vec<_> = stream.groups().map(|(_, group)| (group.last_delivered, group.number, 0)).collect();
        groups.sort_unstable();
        Cursors { groups, at: 0, entries: 0 }
    }

    /// The next live entry.
    pub fn entry(&mut self, id: StreamId) {
        while let Some(group) = self.groups.get_mut(self.at).filter(|group| group.0 < id) {
            group.2 = self.entries;
            self.at += 1;
        }
        self.entries += 1;
    }

    /// Group numbers, and how many entries each has behind it.
    fn passed(self) -> impl Iterator<Item = (u32, u64)> {
        let (at, all) = (self.at, self.entries);
        self.groups
            .into_iter()
            .enumerate()
            .map(move |(i, (_, number, passed))| (number, if i < at { passed } else { all }))
    }
}

/// One pending entry, as its record says.
struct Record {
    consumer: u32,
    delivered_ms: i64,
    order: u64,
}

impl Record {
    fn decode(bytes: &[u8]) -> Result<Option<Record>> {
        let mut r = Reader::new(bytes, "pending entry");
        let (consumer, delivered_ms, _deliveries) = (r.num32()?, r.signed()?, r.signed()?);
        let record = Record { consumer, delivered_ms, order: r.num()? };
        Ok(r.is_empty().then_some(record))
    }
}

impl Check<'_> {
    pub(super) fn groups(&mut self, at: At<'_>, stream: &Stream, walk: Walk) {
        if let Some(idempotency) = &stream.idempotency {
            let ids = idempotency.ids() as u64;
            self.report.looked.idempotent += ids;
            if idempotency.added < ids {
                let text = format!("{ids} idempotent ids, but only {} were ever recorded", idempotency.added);
                self.found(Kind::Count, at, text);
            }
        }
        for (_, group) in stream.groups() {
            self.report.looked.groups += 1;
            self.report.looked.consumers += group.consumers().len() as u64;
        }
        // Where entries are missing nobody can say how many there are up to a cursor.
        if !walk.whole {
            return;
        }
        for (number, passed) in walk.cursors.passed() {
            let Some(group) = stream.group_by_number(number).filter(|group| group.passed != passed) else { continue };
            let name =
                stream.groups().find(|(_, g)| g.number == number).map(|(name, _)| name.escape_ascii().to_string());
            let text = format!(
                "group \"{}\" has {passed} entries up to its cursor {}, {} are counted",
                name.unwrap_or_default(),
                group.last_delivered,
                group.passed
            );
            self.found(Kind::Count, at, text);
        }
    }

    pub(super) fn pending(&mut self, at: At<'_>, stream: &Stream) {
        let backend = self.backend;
        let mut places = Places::default();
        let scanned = scan_prefix(backend, Space::Pending, keys::value(at.physical, at.uid), |key, value| {
            self.report.looked.pending += 1;
            if let Err(text) = one_pending(stream, key, value, &mut places) {
                self.found(Kind::Pending, at, text);
            }
            Ok(())
        });
        if let Err(why) = scanned {
            self.found(Kind::Pending, at, why.to_string());
        }
        if places.end() > 0 {
            self.found(Kind::Pending, at, "two pending entries of a group have one place in the order they fall due");
        }
    }
}

/// When the pending entries of one group fall due: no two have one place.
#[derive(Default)]
struct Places {
    group: u32,
    taken: Vec<(i64, u64)>,
    twice: usize,
}

impl Places {
    fn take(&mut self, group: u32, place: (i64, u64)) {
        if self.group != group {
            self.end();
            self.group = group;
        }
        self.taken.push(place);
    }

    /// How many places were taken twice so far.
    fn end(&mut self) -> usize {
        self.taken.sort_unstable();
        self.twice += self.taken.windows(2).filter(|two| two[0] == two[1]).count();
        self.taken.clear();
        self.twice
    }
}

/// What is wrong with a pending entry, if anything is.
fn one_pending(stream: &Stream, key: &[u8], value: &[u8], places: &mut Places) -> Result<(), String> {
    let Some((number, id)) = keys::split_pending(key).filter(|_| key.len() == keys::PENDING_BYTES) else {
        return Err(format!("malformed key {}", key.escape_ascii()));
    };
    let Some(group) = stream.group_by_number(number) else {
        return Err(format!("{id} is pending in group {number}, which the stream does not have"));
    };
    let record = match Record::decode(value) {
        Ok(Some(record)) => record,
        Ok(None) => return Err(format!("{id}: there are bytes behind the end of the record")),
        Err(why) => return Err(format!("{id}: {why}")),
    };
    if record.consumer != NOBODY && group.consumer(record.consumer).is_none() {
        return Err(format!("{id} is pending for consumer {}, which the group does not have", record.consumer));
    }
    if record.order >= ORDERS {
        return Err(format!("{id} has place {}, which was never given out", record.order));
    }
    places.take(number, (record.delivered_ms, record.order));
    Ok(())
}
