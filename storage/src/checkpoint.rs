//! Settling: writing what is dirty in memory to the backend, so that the journal before it can go.
//!
//! A checkpoint is gathered in slices under the engine lock and written without it. What is changed after its slice is
//! gathered again; the last slice takes all the rest at once, so that the whole is the state at one commit. Sealed
//! chunks are written at once, under the new epoch's prefix, where nothing refers to them yet; everything else goes in
//! one atomic batch together with the commit number it stands for.
//! Must never know: locks (the caller holds them), the journal's form.

use crate::backend::{Backend, Space, Write};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::journal::Mark;
use crate::keys;
use crate::keyspace::object::{Kind, Object, Value};
use crate::keyspace::{Gone, GoneValue};
use crate::load::{NameRecord, encode_pending};
use crate::store::Store;
use crate::stream::{Stream, header};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What a checkpoint has collected so far.
#[derive(Debug, Default)]
pub struct Gathered {
    writes: Vec<Write>,
    chunks: Vec<(Vec<u8>, Arc<Bytes>)>,
    /// Keys of chunks that nobody needs any more. Apart from `writes`, because a chunk that changes between two slices
    /// is written a second time under the same key, and its deletion must not come after that.
    dead: BTreeSet<Vec<u8>>,
    born: Vec<(u32, u32)>,
    died: Vec<(u32, u32)>,
    flushed: Vec<u32>,
}

impl Gathered {
    /// Whether nothing has changed since the last checkpoint.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.dead.is_empty() && self.flushed.is_empty()
    }

    fn put(&mut self, space: Space, key: Vec<u8>, value: Vec<u8>) {
        self.writes.push(Write::Put(space, key, value));
    }

    fn delete_prefix(&mut self, space: Space, prefix: Vec<u8>) {
        self.writes.push(Write::DeleteRange(space, prefix.clone(), keys::after(prefix)));
    }
}

/// How many chunks of an epoch and physical database were written, and how many of them are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct EpochUse {
    written: u64,
    dead: u64,
}

impl EpochUse {
    fn is_empty(&self) -> bool {
        self.dead >= self.written
    }
}

/// Facts about the whole store that a checkpoint records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meta {
    /// The last commit whose effects the records hold.
    pub applied: Mark,
    /// The last completed epoch.
    pub epoch: u32,
    /// Key of the hash of names.
    pub seed: u64,
    /// The next uid.
    pub next_uid: u64,
    /// The next physical database.
    pub next_physical: u32,
    /// Physical number of each logical database.
    pub databases: Vec<u32>,
}

const META_KEY: &[u8] = b"meta";
const EPOCHS_KEY: &[u8] = b"epochs";
const META_VERSION: u8 = 1;

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![META_VERSION];
        for n in [self.applied.commit, self.applied.chain, u64::from(self.epoch), self.seed, self.next_uid] {
            out.put_num(n);
        }
        out.put_num(u64::from(self.next_physical));
        self.databases.iter().for_each(|n| out.put_num(u64::from(*n)));
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Meta> {
        let mut r = Reader::new(bytes, "meta record");
        let version = r.byte()?;
        if version != META_VERSION {
            return Err(StorageError::corrupt("meta record", format!("version {version}")));
        }
        let applied = Mark { commit: r.num()?, chain: r.num()? };
        let (epoch, seed, next_uid, next_physical) = (r.num32()?, r.num()?, r.num()?, r.num32()?);
        let mut databases = Vec::new();
        while !r.is_empty() {
            databases.push(r.num32()?);
        }
        Ok(Meta { applied, epoch, seed, next_uid, next_physical, databases })
    }

    /// The meta record, if the backend was ever written to.
    pub fn read(backend: &dyn Backend) -> Result<Option<Meta>> {
        backend.get(Space::Meta, META_KEY)?.map(|bytes| Meta::decode(&bytes)).transpose()
    }
}

/// Writes checkpoints; one at a time.
pub struct Settler {
    backend: Arc<dyn Backend>,
    epoch: u32,
    uses: Uses,
    /// Epochs without a live chunk whose space was given back by this process. They leave the record with the next
    /// flush: until then a crash may bring them back.
    reclaimed: BTreeSet<(u32, u32)>,
}

/// By epoch and physical database.
type Uses = BTreeMap<(u32, u32), EpochUse>;

impl Settler {
    /// A settler that continues after the last completed epoch and drops what an unfinished one left behind.
    pub fn open(backend: Arc<dyn Backend>, completed: u32) -> Result<Settler> {
        let mut uses = Uses::new();
        if let Some(bytes) = backend.get(Space::Meta, EPOCHS_KEY)? {
            let mut r = Reader::new(&bytes, "epochs record");
            while !r.is_empty() {
                let key = (r.num32()?, r.num32()?);
                uses.insert(key, EpochUse { written: r.num()?, dead: r.num()? });
            }
        }
        let end = [0xff; 5];
        backend.reclaim(Space::Chunks, &keys::epoch(completed + 1), &end)?;
        let mut settler = Settler { backend, epoch: completed + 1, uses, reclaimed: BTreeSet::new() };
        settler.reclaim_empty()?;
        Ok(settler)
    }

    /// The epoch that the next checkpoint writes.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The backend.
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// Writes the chunks gathered so far; nothing refers to them before [`Settler::complete`].
    pub fn write_chunks(&self, gathered: &mut Gathered) -> Result<()> {
        for some in gathered.chunks.chunks(64) {
            let put = |(key, bytes): &(Vec<u8>, Arc<Bytes>)| Write::Put(Space::Chunks, key.clone(), bytes.to_vec());
            let writes: Vec<Write> = some.iter().map(put).collect();
            self.backend.write(&writes)?;
        }
        gathered.chunks.clear();
        Ok(())
    }

    /// Writes the rest with `meta` in one atomic batch, makes it durable, and gives back space nobody needs.
    /// The journal through `meta.applied` must be durable before, and may go after. After an error the store must be
    /// opened again: what was gathered is lost, and what became of the batch is unknown.
    pub fn complete(&mut self, mut gathered: Gathered, meta: &Meta) -> Result<()> {
        self.write_chunks(&mut gathered)?;
        let uses = self.account(&gathered);
        let dead = std::mem::take(&mut gathered.dead);
        gathered.writes.extend(dead.into_iter().map(|key| Write::Delete(Space::Chunks, key)));
        gathered.put(Space::Meta, META_KEY.to_vec(), meta.encode());
        gathered.put(Space::Meta, EPOCHS_KEY.to_vec(), encode_uses(&uses));
        self.backend.write(&gathered.writes)?;
        self.backend.flush()?;
        (self.epoch, self.uses) = (meta.epoch + 1, uses);
        self.reclaimed.clear();
        self.reclaim_empty()?;
        for physical in gathered.flushed {
            let prefix = keys::database(physical);
            for space in [Space::Names, Space::Values, Space::Index, Space::Pending] {
                self.backend.reclaim(space, &prefix, &keys::after(prefix.clone()))?;
            }
        }
        Ok(())
    }

    /// The use of epochs once `gathered` is written.
    fn account(&self, gathered: &Gathered) -> Uses {
        let mut uses = self.uses.clone();
        for key in &gathered.born {
            uses.entry(*key).or_default().written += 1;
        }
        for key in &gathered.died {
            uses.entry(*key).or_default().dead += 1;
        }
        for ((_, physical), used) in &mut uses {
            if gathered.flushed.contains(physical) {
                used.dead = used.written;
            }
        }
        uses.retain(|key, _| !self.reclaimed.contains(key));
        uses
    }

    /// Gives back the space of epochs without a live chunk; the durable records must refer to none of them.
    fn reclaim_empty(&mut self) -> Result<()> {
        for (key, _) in self.uses.iter().filter(|(_, used)| used.is_empty()) {
            if self.reclaimed.insert(*key) {
                let prefix = keys::epoch_database(key.0, key.1);
                self.backend.reclaim(Space::Chunks, &prefix, &keys::after(prefix.clone()))?;
            }
        }
        Ok(())
    }
}

fn encode_uses(uses: &Uses) -> Vec<u8> {
    let mut out = Vec::new();
    for ((epoch, physical), used) in uses {
        for n in [u64::from(*epoch), u64::from(*physical), used.written, used.dead] {
            out.put_num(n);
        }
    }
    out
}

impl Store {
    /// Objects that differ from their records, about.
    pub fn dirty_objects(&self) -> usize {
        self.databases.iter().map(|d| d.dirty() + d.gone.len()).sum()
    }

    /// Gathers up to `limit` dirty objects for the checkpoint of `epoch`, the longest dirty first; whether there are
    /// more. Until [`Store::completed`] no object is dropped from memory: what was gathered is not on disk yet.
    pub fn gather(&mut self, epoch: u32, limit: usize, out: &mut Gathered) -> bool {
        self.gather_flushed(out);
        let mut left = limit;
        for database in &mut self.databases {
            let physical = database.physical;
            // Deletions first: a name that was written again since must not be deleted by them.
            for gone in database.gone.drain(..) {
                gather_gone(physical, gone, out);
            }
            while left > 0 {
                let Some(object) = database.next_dirty() else { break };
                left -= 1;
                gather_object(physical, epoch, object, out);
            }
        }
        self.gathering = self.gathering || !out.is_empty();
        self.dirty_objects() > 0
    }

    fn gather_flushed(&mut self, out: &mut Gathered) {
        for physical in self.flushed.drain(..) {
            for space in [Space::Names, Space::Values, Space::Index, Space::Pending] {
                out.delete_prefix(space, keys::database(physical));
            }
            out.flushed.push(physical);
        }
    }

    /// The facts to record with a checkpoint of `epoch` whose last commit is `applied`.
    pub fn meta(&self, applied: Mark, epoch: u32) -> Meta {
        Meta {
            applied,
            epoch,
            seed: self.seed,
            next_uid: self.next_uid,
            next_physical: self.next_physical,
            databases: self.databases.iter().map(|d| d.physical).collect(),
        }
    }

    /// Notes that the checkpoint of `epoch` is durable: its chunks may be dropped from memory.
    pub fn completed(&mut self, epoch: u32) {
        self.completed_epoch = epoch;
        self.gathering = false;
        self.stats.changes = 0;
    }
}

fn gather_gone(physical: u32, gone: Gone, out: &mut Gathered) {
    out.writes.push(Write::Delete(Space::Names, keys::name(physical, gone.hash, &gone.name)));
    let Some(GoneValue { uid, kind, chunks }) = gone.value else { return };
    out.writes.push(Write::Delete(Space::Values, keys::value(physical, uid)));
    if kind == Kind::Stream {
        out.delete_prefix(Space::Index, keys::value(physical, uid));
        out.delete_prefix(Space::Pending, keys::value(physical, uid));
        chunks.into_iter().for_each(|(epoch, base)| gather_dead_chunk(physical, uid, epoch, base, out));
    }
}

fn gather_dead_chunk(physical: u32, uid: u64, epoch: u32, base: crate::StreamId, out: &mut Gathered) {
    out.dead.insert(keys::chunk(epoch, physical, uid, base));
    out.died.push((epoch, physical));
}

fn gather_object(physical: u32, epoch: u32, object: &mut Object, out: &mut Gathered) {
    if object.name_dirty || !object.stored {
        let record = NameRecord { kind: object.kind(), uid: object.uid, deadline_ms: object.deadline_ms };
        out.put(Space::Names, keys::name(physical, object.hash, &object.name), record.encode());
    }
    let uid = object.uid;
    let value = match &mut object.value {
        Value::Str(bytes) => bytes.to_vec(),
        Value::Stream(stream) => {
            gather_stream(physical, uid, epoch, stream, out);
            header::write(stream)
        }
        Value::Hash(hash) => hash.write(),
        Value::List(list) => list.write(),
        Value::Set(set) => set.write(),
        Value::SortedSet(set) => set.write(),
    };
    out.put(Space::Values, keys::value(physical, uid), value);
    (object.dirty, object.name_dirty, object.stored) = (false, false, true);
}

fn gather_stream(physical: u32, uid: u64, epoch: u32, stream: &mut Stream, out: &mut Gathered) {
    for (dead_epoch, base) in std::mem::take(&mut stream.log.dead) {
        gather_dead_chunk(physical, uid, dead_epoch, base, out);
    }
    let unsettled: Vec<_> = stream.log.unsettled().collect();
    for (ordinal, base, bytes) in unsettled {
        if stream.log.settled(ordinal, epoch, &bytes) {
            let key = keys::chunk(epoch, physical, uid, base);
            out.dead.remove(&key);
            out.chunks.push((key, bytes));
            out.born.push((epoch, physical));
        }
    }
    for page in std::mem::take(&mut stream.log.dirty_pages) {
        let key = keys::page(physical, uid, page);
        match header::write_page(&stream.log, page) {
            Some(bytes) => out.put(Space::Index, key, bytes),
            None => out.writes.push(Write::Delete(Space::Index, key)),
        }
    }
    for number in std::mem::take(&mut stream.dead_groups) {
        out.delete_prefix(Space::Pending, keys::group(physical, uid, number));
    }
    for group in stream.groups_mut() {
        let number = group.number;
        let writes = std::cell::RefCell::new(&mut out.writes);
        group.pending.drain_dirty(
            |id, p| {
                let key = keys::pending(physical, uid, number, id);
                writes.borrow_mut().push(Write::Put(Space::Pending, key, encode_pending(p)));
            },
            |id| writes.borrow_mut().push(Write::Delete(Space::Pending, keys::pending(physical, uid, number, id))),
        );
    }
}

/// A store as its records describe it, before the journal is replayed.
pub(crate) fn restore(backend: &dyn Backend, meta: &Meta) -> Result<Store> {
    let mut store = Store::new(meta.databases.len(), meta.seed);
    (store.next_uid, store.next_physical, store.completed_epoch) = (meta.next_uid, meta.next_physical, meta.epoch);
    for (db, physical) in meta.databases.iter().enumerate() {
        let database = store.db_mut(db as u32);
        database.physical = *physical;
        crate::load::scan_prefix(backend, Space::Names, keys::database(*physical), |key, value| {
            let (hash, _) = keys::split_name(key).ok_or_else(|| StorageError::corrupt("name", "malformed key"))?;
            database.add_cold(hash, NameRecord::decode(value)?.deadline_ms);
            Ok(())
        })?;
    }
    Ok(store)
}
