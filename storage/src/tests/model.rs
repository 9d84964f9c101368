//! What a store should hold, in the simplest words: maps of maps. No chunks, no disk, no cleverness.

use crate::id::StreamId;
use crate::stream::pending::NOBODY;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

pub type Name = Vec<u8>;

/// All databases. Cloning is cheap, so that a copy can be kept of every commit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The highest token that was ever given out.
    pub highest: u64,
    pub dbs: Vec<BTreeMap<Name, Rc<Object>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    pub deadline_ms: Option<u64>,
    /// Its token, and what is known of it as a lease.
    pub token: Option<Token>,
    pub value: Value,
}

pub type Token = (u64, Option<(Option<u64>, Vec<u8>)>);

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Str(Vec<u8>),
    Stream(Stream),
    /// Field -> value and deadline.
    Hash(BTreeMap<Name, (Vec<u8>, Option<u64>)>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Name>),
    /// Member -> the bits of its score.
    SortedSet(BTreeMap<Name, u64>),
}

impl Value {
    pub fn has_nothing(&self) -> bool {
        match self {
            Value::Str(_) | Value::Stream(_) => false,
            Value::Hash(fields) => fields.is_empty(),
            Value::List(list) => list.is_empty(),
            Value::Set(members) => members.is_empty(),
            Value::SortedSet(scores) => scores.is_empty(),
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    pub last: StreamId,
    pub max_deleted: StreamId,
    pub added: u64,
    /// Hash of the packed fields of each live entry.
    pub entries: BTreeMap<StreamId, u64>,
    pub groups: BTreeMap<Name, Group>,
    pub next_group: u32,
    pub idmp: Option<Idmp>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub number: u32,
    pub last: StreamId,
    pub read: Option<u64>,
    /// Number -> name, seen, active.
    pub consumers: BTreeMap<u32, (Name, i64, i64)>,
    pub next_consumer: u32,
    /// Id -> consumer, delivered, deliveries.
    pub pending: BTreeMap<StreamId, (u32, i64, i64)>,
    /// Pending ids in the order they fall due.
    pub due: Vec<StreamId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Idmp {
    pub duration_s: u64,
    pub max_size: u64,
    pub added: u64,
    pub duplicates: u64,
    /// Producer -> (idempotent id, entry), oldest first.
    pub producers: BTreeMap<Name, VecDeque<(Name, StreamId)>>,
}

impl State {
    pub fn new(databases: usize) -> State {
        State { highest: 0, dbs: vec![BTreeMap::new(); databases] }
    }

    pub fn get(&self, db: u32, name: &[u8]) -> Option<&Object> {
        self.dbs[db as usize].get(name).map(Rc::as_ref)
    }

    pub fn get_mut(&mut self, db: u32, name: &[u8]) -> Option<&mut Object> {
        self.dbs[db as usize].get_mut(name).map(Rc::make_mut)
    }

    pub fn put(&mut self, db: u32, name: &[u8], object: Rc<Object>) {
        self.dbs[db as usize].insert(name.to_vec(), object);
    }

    pub fn take(&mut self, db: u32, name: &[u8]) -> Option<Rc<Object>> {
        self.dbs[db as usize].remove(name)
    }

    pub fn stream(&self, db: u32, name: &[u8]) -> Option<&Stream> {
        match &self.get(db, name)?.value {
            Value::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    pub fn stream_mut(&mut self, db: u32, name: &[u8]) -> &mut Stream {
        match self.get_mut(db, name).map(|o| &mut o.value) {
            Some(Value::Stream(stream)) => stream,
            _ => panic!("the model has no stream {}", String::from_utf8_lossy(name)),
        }
    }

    /// Deletes the fields of a hash whose deadline has passed, and the hash if that was all of it.
    pub fn expire_fields(&mut self, db: u32, name: &[u8], now_ms: i64) {
        let Some(Value::Hash(fields)) = self.get_mut(db, name).map(|o| &mut o.value) else { return };
        fields.retain(|_, (_, at)| at.is_none_or(|at| at as i64 > now_ms));
        if fields.is_empty() {
            self.take(db, name);
        }
    }

    /// Deletes the keys whose deadline has passed.
    pub fn expire(&mut self, now_ms: i64) {
        for db in &mut self.dbs {
            db.retain(|_, o| o.deadline_ms.is_none_or(|d| d as i64 > now_ms));
        }
    }
}

impl Stream {
    pub fn new() -> Stream {
        Stream { next_group: 1, ..Stream::default() }
    }

    /// The first live entry, or an id above all.
    pub fn first_or_above(&self) -> StreamId {
        self.entries.keys().next().copied().unwrap_or(self.last.next().unwrap())
    }

    pub fn passed_at(&self, id: StreamId) -> u64 {
        self.entries.range(..=id).count() as u64
    }

    pub fn idmp_mut(&mut self) -> &mut Idmp {
        let fresh = || Idmp { duration_s: 100, max_size: 100, added: 0, duplicates: 0, producers: BTreeMap::new() };
        self.idmp.get_or_insert_with(fresh)
    }
}

impl Group {
    pub fn put(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        self.forget(id);
        let at = self.due.iter().position(|other| self.pending[other].1 > delivered_ms).unwrap_or(self.due.len());
        self.due.insert(at, id);
        self.pending.insert(id, (consumer, delivered_ms, deliveries));
    }

    pub fn forget(&mut self, id: StreamId) {
        if self.pending.remove(&id).is_some() {
            self.due.retain(|other| *other != id);
        }
    }

    pub fn remove_consumer(&mut self, number: u32) {
        assert_ne!(number, NOBODY);
        self.consumers.remove(&number);
        let ids: Vec<StreamId> = self.pending.iter().filter(|(_, p)| p.0 == number).map(|(id, _)| *id).collect();
        ids.into_iter().for_each(|id| self.forget(id));
    }
}

impl Idmp {
    pub fn record(&mut self, producer: &[u8], iid: &[u8], id: StreamId) {
        let known = self.producers.entry(producer.to_vec()).or_default();
        known.retain(|(i, _)| i != iid);
        known.push_back((iid.to_vec(), id));
        self.added += 1;
        while known.len() as u64 > self.max_size {
            known.pop_front();
        }
    }
}
