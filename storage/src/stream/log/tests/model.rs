//! A log, the map that says what it must answer, and a disk that keeps exactly what the log says it keeps.

use super::super::{Cold, IdRange, Log, NodeLimits, PAGE, Selection};
use crate::id::StreamId;
use crate::stream::chunk::{self, Entry};
use crate::stream::{Stream, header};
use bytes::Bytes;
use std::collections::BTreeMap;

pub const LIMITS: NodeLimits = NodeLimits { entries: 7, bytes: 2000 };

#[derive(Default)]
pub struct Pair {
    pub log: Log,
    pub live: BTreeMap<StreamId, Vec<u8>>,
    pub last: StreamId,
    /// Its last id was set back.
    pub lowered: bool,
    disk: BTreeMap<(u32, StreamId), Bytes>,
    pages: BTreeMap<u64, Vec<u8>>,
    epoch: u32,
}

impl Pair {
    pub fn append(&mut self, id: StreamId, packed: Vec<u8>) {
        self.log.append(id, &packed, LIMITS);
        self.live.insert(id, packed);
        self.last = id;
    }

    pub fn nth_live(&self, n: usize) -> Option<StreamId> {
        self.live.keys().nth(n).copied()
    }

    /// Deletes as a command does: everything it needs is loaded first.
    pub fn delete(&mut self, id: StreamId) {
        let there = self.ask(|log| log.contains(id));
        assert_eq!(there, self.live.contains_key(&id));
        let next = id.next().unwrap_or(StreamId::MAX);
        let first = if id == self.log.first_id() { self.ask(|log| log.first_from(next)) } else { None };
        assert_eq!(self.log.delete(id), self.live.remove(&id).is_some());
        if there {
            self.log.set_first(first.unwrap_or(StreamId::MIN));
        }
    }

    /// Trims exactly, as MAXLEN does.
    pub fn trim(&mut self, removed: usize) {
        let removed = removed.min(self.live.len());
        let first = self.ask(|log| log.nth(removed as u64));
        assert_eq!(first, self.nth_live(removed));
        self.cut(removed, first);
    }

    /// Removes entries below `first` from both.
    pub fn cut(&mut self, removed: usize, first: Option<StreamId>) {
        let kept = first.map_or_else(BTreeMap::new, |first| self.live.split_off(&first));
        assert_eq!(self.live.len(), removed);
        self.live = kept;
        self.log.trim(first.unwrap_or(StreamId::MAX), removed as u64);
    }

    /// Sets the last id back as far as allowed.
    pub fn lower_top(&mut self, to: StreamId) {
        let top = to.max(self.live.last_key_value().map_or(StreamId::MIN, |(id, _)| *id));
        if top < self.last {
            self.log.lower_top(top);
            (self.last, self.lowered) = (top, true);
        }
    }

    /// A checkpoint: what changed goes to the disk, what the log calls dead leaves it.
    pub fn settle(&mut self) {
        self.epoch += 1;
        for place in std::mem::take(&mut self.log.dead) {
            assert!(self.disk.remove(&place).is_some(), "{place:?} was never written");
        }
        let unsettled: Vec<_> = self.log.unsettled().collect();
        for (ordinal, base, bytes) in unsettled {
            assert!(self.log.settled(ordinal, self.epoch, &bytes));
            self.disk.insert((self.epoch, base), Bytes::clone(&bytes));
        }
        for page in std::mem::take(&mut self.log.dirty_pages) {
            match header::write_page(&self.log, page) {
                Some(bytes) => self.pages.insert(page, bytes),
                None => self.pages.remove(&page),
            };
        }
        let needed: Vec<_> = self.log.on_disk().collect();
        assert_eq!(needed.len(), self.disk.len(), "the disk holds what the log needs, and no more");
        assert!(needed.iter().all(|place| self.disk.contains_key(place)));
    }

    pub fn evict(&mut self) {
        for ordinal in self.log.in_memory().collect::<Vec<_>>() {
            self.log.evict(ordinal);
        }
    }

    /// Everything is forgotten and read from its records.
    pub fn reload(&mut self) {
        self.settle();
        let stream = Stream { log: std::mem::take(&mut self.log), last_id: self.last, ..Stream::default() };
        let (mut read, chunks) = header::read(&header::write(&stream)).unwrap();
        self.pages.values().for_each(|page| header::read_page(&mut read.log, page).unwrap());
        assert_eq!(read.log.sealed_chunks(), chunks);
        self.log = read.log;
    }

    pub fn load(&mut self, cold: Cold) {
        assert!(!cold.0.is_empty(), "nothing is named");
        for named in cold.0 {
            let bytes = self.disk.get(&(named.epoch, named.base)).unwrap_or_else(|| panic!("{named:?} is not on disk"));
            chunk::verify(bytes, named.base, named.live).unwrap();
            assert!(self.log.install(&named, bytes.clone()), "{named:?} has no place");
        }
    }

    /// The answer; what is cold is loaded once, and then there must be one.
    pub fn ask<T>(&mut self, question: impl Fn(&Log) -> Result<T, Cold>) -> T {
        match question(&self.log) {
            Ok(answer) => return answer,
            Err(cold) => self.load(cold),
        }
        question(&self.log).unwrap_or_else(|cold| panic!("still cold: {cold:?}"))
    }

    /// The answer of something that looks at one chunk after another.
    pub fn ask_often<T>(&mut self, question: impl Fn(&Log) -> Result<T, Cold>) -> T {
        loop {
            match question(&self.log) {
                Ok(answer) => return answer,
                Err(cold) => self.load(cold),
            }
        }
    }

    /// Compares what both know without a question about a place.
    pub fn check_whole(&self) {
        let log = &self.log;
        assert_eq!(log.len(), self.live.len() as u64);
        assert_eq!(log.first_id(), self.nth_live(0).unwrap_or(StreamId::MIN));
        let sealed: u64 = log.sealed.iter().map(|c| u64::from(c.live)).sum();
        assert_eq!(sealed + u64::from(log.open.live), log.len(), "live entries by chunk");
        let resident: usize = log.sealed.iter().filter_map(|c| c.data.as_ref()).map(|d| d.len()).sum();
        assert_eq!(resident, log.resident_bytes);
        assert!(
            log.sealed.iter().all(|c| c.live > 0 || (c.data.is_none() && c.epoch == 0)),
            "dead chunks have nothing"
        );
        assert!(
            log.sealed.iter().all(|c| c.live == 0 || c.data.is_some() || c.epoch != 0),
            "live chunks are somewhere"
        );
        assert!(log.sealed.iter().zip(log.sealed.iter().skip(1)).all(|(a, b)| a.base < b.base), "bases rise");
        let end = log.first_ordinal + log.sealed.len() as u64;
        assert!(log.unsettled.iter().all(|o| (log.first_ordinal..end).contains(o)));
        assert!(log.unsettled.iter().all(|o| log.dirty_pages.contains(&(o / PAGE))));
        if self.live.is_empty() {
            assert_eq!(log.chunks(), 0, "an empty log has no chunks");
        }
    }

    /// Compares every kind of question about the places `a` and `b`.
    pub fn check_place(&mut self, a: StreamId, b: StreamId, count: usize) {
        let range = IdRange { start: a, end: b };
        let within = |live: &BTreeMap<StreamId, Vec<u8>>| -> Vec<(StreamId, Vec<u8>)> {
            if a > b { vec![] } else { live.range(a..=b).map(|(id, v)| (*id, v.clone())).collect() }
        };
        let plain = |entries: Vec<Entry>| -> Vec<(StreamId, Vec<u8>)> {
            entries.into_iter().map(|e| (e.id, e.fields.packed().to_vec())).collect()
        };
        let mut expected = within(&self.live);
        let ids: Vec<StreamId> = expected.iter().map(|(id, _)| *id).collect();
        assert_eq!(self.ask(|log| log.ids(range)), ids);
        self.evict();
        let forward: Vec<_> = expected.iter().take(count).cloned().collect();
        assert_eq!(plain(self.ask(|log| log.range(range, count))), forward, "{range:?} {count}");
        self.evict();
        assert_eq!(plain(read_out(self.ask(|log| log.select(range, count, false)))), forward, "{range:?} {count}");
        self.evict();
        expected.reverse();
        expected.truncate(count);
        assert_eq!(plain(self.ask(|log| log.range_back(range, count))), expected, "{range:?} back {count}");
        self.evict();
        let selected = read_out(self.ask(|log| log.select(range, count, true)));
        assert_eq!(plain(selected), expected, "{range:?} selected back {count}");
        self.evict();
        assert_eq!(self.ask(|log| log.contains(a)), self.live.contains_key(&a));
        assert_eq!(self.ask(|log| log.get(b)).is_some(), self.live.contains_key(&b));
        assert_eq!(self.ask(|log| log.rank(a)), self.live.range(..=a).count() as u64);
        assert_eq!(self.ask(|log| log.first_from(a)), self.live.range(a..).next().map(|(id, _)| *id));
        assert_eq!(self.ask(|log| log.nth(count as u64)), self.nth_live(count));
        self.evict();
        assert_eq!(self.ask(Log::first).map(|e| e.id), self.nth_live(0));
        assert_eq!(self.ask(Log::last).map(|e| e.id), self.live.last_key_value().map(|(id, _)| *id));
    }
}

/// All entries of a selection, which are as many as it said.
fn read_out(mut selection: Selection) -> Vec<Entry> {
    let (promised, mut out) = (selection.len(), Vec::new());
    while !selection.is_empty() {
        out.extend(selection.next_entries());
    }
    assert_eq!(out.len() as u64, promised);
    out
}
