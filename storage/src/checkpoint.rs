//! Settling: writing what is dirty in memory to the backend, so that the journal before it can go.
//!
//! A checkpoint is gathered in slices under the engine lock and written without it. What is changed after its slice is
//! gathered again; the last slice takes all the rest at once, so that the whole is the state at one commit. Sealed
//! chunks are written at once, under the new epoch's prefix, where nothing refers to them yet; everything else goes in
//! one atomic batch together with the commit number it stands for.
//! Must never know: locks (the caller holds them), the journal's form.

mod gather;

use crate::backend::patient::{Patient, Wait};
use crate::backend::{Backend, Space, Write};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::journal::Mark;
use crate::keys;
use crate::load::NameRecord;
use crate::progress::Progress;
use crate::store::{Rules, Store};
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
    /// Chunks that were sealed for it in this slice: slot, uid, ordinal.
    sealed: Vec<(u32, u64, u64)>,
    /// Databases have changed their places.
    swapped: bool,
    /// Bytes copied, about; what is deleted counts as well.
    bytes: u64,
}

/// What one slice has gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Objects and deletions. One that was begun only does not count; the next slice goes on with it.
    pub taken: usize,
    /// Whether there is more.
    pub more: bool,
}

/// What a deletion, or the record of a pending entry, counts: they cost time more than bytes.
const SMALL_WRITE: u64 = 512;

impl Gathered {
    /// Whether nothing has changed since the last checkpoint.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty() && self.dead.is_empty() && self.flushed.is_empty() && !self.swapped
    }

    /// Bytes gathered so far, about.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn put(&mut self, space: Space, key: Vec<u8>, value: impl Into<Bytes>) {
        let value = value.into();
        self.bytes += (key.len() + value.len()) as u64 + 64;
        self.writes.push(Write::Put(space, key, value));
    }

    fn delete(&mut self, space: Space, key: Vec<u8>) {
        self.bytes += SMALL_WRITE;
        self.writes.push(Write::Delete(space, key));
    }

    fn delete_prefix(&mut self, space: Space, prefix: Vec<u8>) {
        self.writes.push(Write::DeleteRange(space, prefix.clone(), keys::after(prefix)));
    }
}

/// How many chunks of an epoch and physical database were written, and how many of them are dead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EpochUse {
    pub(crate) written: u64,
    pub(crate) dead: u64,
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
/// Libraries of functions: their bytes as they are, which begin with a version of their own.
pub(crate) const LIBRARIES_KEY: &[u8] = b"libraries";
/// Standing rules: see `store/rules.rs`.
pub(crate) const RULES_KEY: &[u8] = b"rules";
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
pub(crate) type Uses = BTreeMap<(u32, u32), EpochUse>;

/// The use of epochs as it was recorded.
pub(crate) fn read_uses(backend: &dyn Backend) -> Result<Uses> {
    let recorded = backend.get(Space::Meta, EPOCHS_KEY)?;
    recorded.map_or(Ok(Uses::new()), |bytes| decode_uses(&bytes))
}

pub(crate) fn decode_uses(bytes: &[u8]) -> Result<Uses> {
    let mut uses = Uses::new();
    let mut r = Reader::new(bytes, "epochs record");
    while !r.is_empty() {
        let key = (r.num32()?, r.num32()?);
        uses.insert(key, EpochUse { written: r.num()?, dead: r.num()? });
    }
    Ok(uses)
}

impl Settler {
    /// A settler that continues after the last completed epoch and drops what an unfinished one left behind.
    pub fn open(backend: Arc<dyn Backend>, completed: u32) -> Result<Settler> {
        let uses = read_uses(&*backend)?;
        let end = [0xff; 5];
        failpoint::at(Point::StartLeftovers)?;
        backend.reclaim(Space::Chunks, &keys::epoch(completed + 1), &end)?;
        let mut settler = Settler { backend, epoch: completed + 1, uses, reclaimed: BTreeSet::new() };
        settler.reclaim_empty()?;
        Ok(settler)
    }

    /// From now on whatever finds the disk full waits with `wait` and tries again.
    pub fn be_patient(&mut self, wait: Box<Wait>) {
        self.backend = Arc::new(Patient::new(Arc::clone(&self.backend), wait));
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
            let put =
                |(key, bytes): &(Vec<u8>, Arc<Bytes>)| Write::Put(Space::Chunks, key.clone(), Bytes::clone(bytes));
            let writes: Vec<Write> = some.iter().map(put).collect();
            failpoint::at(Point::CheckpointChunks)?;
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
        failpoint::at(Point::CheckpointRecords)?;
        self.backend.write(&gathered.writes)?;
        failpoint::at(Point::CheckpointFlush)?;
        self.backend.flush()?;
        failpoint::at(Point::CheckpointReclaim)?;
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

pub(crate) fn encode_uses(uses: &Uses) -> Vec<u8> {
    let mut out = Vec::new();
    for ((epoch, physical), used) in uses {
        for n in [u64::from(*epoch), u64::from(*physical), used.written, used.dead] {
            out.put_num(n);
        }
    }
    out
}

impl Store {
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

/// A store as its records describe it, before the journal is replayed.
pub(crate) fn restore(backend: &dyn Backend, meta: &Meta, progress: &Progress) -> Result<Store> {
    let mut store = Store::new(meta.databases.len(), meta.seed);
    (store.next_uid, store.next_physical, store.completed_epoch) = (meta.next_uid, meta.next_physical, meta.epoch);
    store.libraries.bytes = backend.get(Space::Meta, LIBRARIES_KEY)?.unwrap_or_default().into();
    if let Some(rules) = backend.get(Space::Meta, RULES_KEY)? {
        store.rules = Rules::decode(&rules)?;
    }
    for (db, physical) in meta.databases.iter().enumerate() {
        let database = store.db_mut(db as u32);
        database.physical = *physical;
        let mut leases = Vec::new();
        crate::load::scan_prefix(backend, Space::Names, keys::database(*physical), |key, value| {
            let (hash, _) = keys::split_name(key).ok_or_else(|| StorageError::corrupt("name", "malformed key"))?;
            progress.add(1);
            let record = NameRecord::decode(value)?;
            database.add_cold(hash, record.deadline_ms);
            leases.extend(record.lease.map(|lease| (hash, record.uid, lease)));
            Ok(())
        })?;
        crate::load::load_leases(database, backend, leases)?;
    }
    Ok(store)
}
