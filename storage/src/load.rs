//! Bringing what is only on disk into memory: named under the engine lock, read without it, installed under it again.
//!
//! One mechanism, like a page fault: a command answers [`Missing`], its caller reads ([`Missing::read`]), installs
//! ([`Store::install`]) and runs the command again. What became stale in between is not installed, the command then
//! simply asks again.
//!
//! The surprising rule: a read that finds damage is not an error yet. A checkpoint may have changed the records while
//! they were read; then the load is stale and its damage means nothing. Only if it turns out to have been up to date
//! when it is installed is the damage real: the store remembers that, and the next read reports it.

use crate::backend::{Backend, Space};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::failpoint::{self, Point};
use crate::keys;
use crate::keyspace::Database;
use crate::keyspace::lease::{Lease, Placed};
use crate::keyspace::object::{Kind, Object, Value};
use crate::names::Names;
use crate::store::{Key, Store};
use crate::stream::log::{Cold, ColdChunk};
use crate::stream::pending::Pending;
use crate::stream::{Stream, chunk, header};
use bytes::Bytes;
use std::collections::HashMap;
use std::ops::ControlFlow;

/// What a command needs that is only on disk.
#[derive(Clone, Debug)]
pub struct Missing {
    pub(crate) wanted: Wanted,
    pub(crate) physical: u32,
    /// Damage that an earlier load met for certain: to be reported instead of reading on.
    damage: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Everything about the keys with these hashes.
    Keys { db: u32, hashes: Vec<u64>, evicted: u64 },
    /// What the records of names with these hashes say, both ends included.
    Names { from: u64, to: u64 },
    /// Parts of a stream that is in memory.
    Chunks { key: Key, uid: u64, chunks: Vec<ColdChunk> },
}

/// What was read for a [`Missing`].
#[derive(Debug)]
pub struct Loaded {
    missing: Missing,
    found: Result<Found>,
}

#[derive(Debug, Default)]
struct Found {
    objects: Vec<Object>,
    chunks: Vec<(ColdChunk, Bytes)>,
    names: Option<Names>,
}

const NAME_VERSION: u8 = 1;
/// Of a key that has a token.
const TOKEN_VERSION: u8 = 2;

/// The record of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameRecord {
    pub kind: Kind,
    pub uid: u64,
    pub deadline_ms: Option<u64>,
    /// Its uid is a token.
    pub token: bool,
    /// What is known of it as a lease; only of one with a token.
    pub lease: Option<Lease>,
}

impl NameRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![if self.token { TOKEN_VERSION } else { NAME_VERSION }, self.kind as u8];
        out.put_num(self.uid);
        out.put_option(self.deadline_ms);
        if self.token {
            out.push(u8::from(self.lease.is_some()));
            self.lease.iter().for_each(|lease| lease.encode(&mut out));
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<NameRecord> {
        let mut r = Reader::new(bytes, "name record");
        let (version, tag) = (r.byte()?, r.byte()?);
        let token = version == TOKEN_VERSION;
        if version != NAME_VERSION && !token {
            return Err(StorageError::corrupt("name record", format!("version {version}")));
        }
        let kind = Kind::from_tag(tag).ok_or_else(|| StorageError::corrupt("name record", format!("kind {tag}")))?;
        let (uid, deadline_ms) = (r.num()?, r.option()?);
        let lease = if token && r.byte()? != 0 { Some(Lease::decode(&mut r)?) } else { None };
        Ok(NameRecord { kind, uid, deadline_ms, token, lease })
    }
}

pub(crate) fn encode_pending(p: &Pending) -> Vec<u8> {
    let mut out = Vec::with_capacity(16);
    out.put_num(u64::from(p.consumer));
    out.put_signed(p.delivered_ms);
    out.put_signed(p.deliveries);
    out.put_num(p.order);
    out
}

/// A pending entry as its record says; what stands behind it is not looked at.
pub(crate) fn decode_pending(bytes: &[u8]) -> Result<Pending> {
    let mut r = Reader::new(bytes, "pending entry");
    let (consumer, delivered_ms, deliveries, order) = (r.num32()?, r.signed()?, r.signed()?, r.num()?);
    Ok(Pending { consumer, delivered_ms, deliveries, order, stored: true, dirty: false })
}

impl Loaded {
    /// The keys it was read for: database and hashes.
    pub(crate) fn keys(&self) -> Option<(u32, Vec<u64>)> {
        match &self.missing.wanted {
            Wanted::Keys { db, hashes, .. } => Some((*db, hashes.clone())),
            Wanted::Names { .. } | Wanted::Chunks { .. } => None,
        }
    }
}

impl Missing {
    pub(crate) fn keys(db: u32, physical: u32, mut hashes: Vec<u64>, store: &Store) -> Missing {
        // All keys of a hash are read together, and must not be read twice.
        hashes.sort_unstable();
        hashes.dedup();
        let wanted = Wanted::Keys { db, hashes, evicted: store.evicted.total() };
        Missing { physical, wanted, damage: store.known_damage() }
    }

    pub(crate) fn names(physical: u32, from: u64, to: u64, store: &Store) -> Missing {
        Missing { physical, wanted: Wanted::Names { from, to }, damage: store.known_damage() }
    }

    pub(crate) fn chunks(key: Key, physical: u32, uid: u64, cold: Cold, store: &Store) -> Missing {
        let wanted = Wanted::Chunks { key, uid, chunks: cold.0 };
        Missing { physical, wanted, damage: store.known_damage() }
    }

    /// Reads it. Blocks on the disk.
    ///
    /// # Errors
    /// What the backend reports. Damage in the records is an error only after [`Store::install`] has confirmed some.
    pub fn read(self, backend: &dyn Backend) -> Result<Loaded> {
        if let Some(detail) = self.damage {
            return Err(StorageError::corrupt("record", detail));
        }
        failpoint::at(Point::LoadRead)?;
        let found = match self.find(backend) {
            Err(error) if !matches!(error, StorageError::Corrupt { .. }) => return Err(error),
            found => found,
        };
        Ok(Loaded { missing: self, found })
    }

    fn find(&self, backend: &dyn Backend) -> Result<Found> {
        let mut found = Found::default();
        match &self.wanted {
            Wanted::Keys { hashes, .. } => {
                for hash in hashes {
                    found.objects.extend(read_objects(backend, self.physical, *hash)?);
                }
            }
            Wanted::Names { from, to } => found.names = Some(Names::read(backend, self.physical, *from, *to)?),
            Wanted::Chunks { uid, chunks: wanted, .. } => {
                for cold in wanted {
                    found.chunks.push((*cold, read_chunk(backend, self.physical, *uid, cold)?));
                }
            }
        }
        Ok(found)
    }
}

fn read_chunk(backend: &dyn Backend, physical: u32, uid: u64, cold: &ColdChunk) -> Result<Bytes> {
    let key = keys::chunk(cold.epoch, physical, uid, cold.base);
    let bytes = backend.get(Space::Chunks, &key)?.ok_or_else(|| {
        StorageError::corrupt(
            "chunk",
            format!("chunk {} of stream {uid} in epoch {} is missing", cold.base, cold.epoch),
        )
    })?;
    let bytes = Bytes::from(bytes);
    chunk::verify(&bytes, cold.base, cold.live)?;
    Ok(bytes)
}

/// All keys with this hash: one, unless two names collide.
fn read_objects(backend: &dyn Backend, physical: u32, hash: u64) -> Result<Vec<Object>> {
    let mut found = Vec::new();
    scan_prefix(backend, Space::Names, keys::names_of_hash(physical, hash), |key, value| {
        let name = keys::split_name(key).map_or(&[][..], |(_, name)| name);
        found.push((Box::<[u8]>::from(name), NameRecord::decode(value)?));
        Ok(())
    })?;
    found.into_iter().map(|(name, record)| read_object(backend, physical, hash, &name, &record)).collect()
}

fn read_object(backend: &dyn Backend, physical: u32, hash: u64, name: &[u8], record: &NameRecord) -> Result<Object> {
    let key = keys::value(physical, record.uid);
    let bytes = backend
        .get(Space::Values, &key)?
        .ok_or_else(|| StorageError::corrupt("value", format!("value {} is missing", record.uid)))?;
    let value = match record.kind {
        Kind::Str => Value::Str(bytes.into()),
        Kind::Stream => Value::Stream(Box::new(read_stream(backend, physical, record.uid, &bytes)?)),
        kind => Value::read(kind, &bytes)?,
    };
    let mut object = Object::new(name, hash, record.uid, value);
    object.deadline_ms = record.deadline_ms;
    (object.stored, object.name_dirty, object.token) = (true, false, record.token);
    Ok(object)
}

fn read_stream(backend: &dyn Backend, physical: u32, uid: u64, bytes: &[u8]) -> Result<Stream> {
    let (mut stream, chunks) = header::read(bytes)?;
    scan_prefix(backend, Space::Index, keys::value(physical, uid), |_, page| header::read_page(&mut stream.log, page))?;
    if stream.log.sealed_chunks() != chunks {
        let found = stream.log.sealed_chunks();
        return Err(StorageError::corrupt("stream index", format!("{found} chunks, the header says {chunks}")));
    }
    scan_prefix(backend, Space::Pending, keys::value(physical, uid), |key, value| {
        let (group, id) =
            keys::split_pending(key).ok_or_else(|| StorageError::corrupt("pending entry", "malformed key"))?;
        let p = decode_pending(value)?;
        stream.restore_pending(group, id, p.consumer, p.delivered_ms, p.deliveries, p.order)
    })?;
    Ok(stream)
}

/// Visits everything that begins with `prefix`, in order.
pub(crate) fn scan_prefix(
    backend: &dyn Backend,
    space: Space,
    prefix: Vec<u8>,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<()>,
) -> Result<()> {
    let mut result = Ok(());
    backend.scan(space, &prefix.clone(), &keys::after(prefix), &mut |key, value| {
        result = visit(key, value);
        if result.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    result
}

/// Brings leases into memory, where they stay: hashes of their names, tokens, and what is known of them.
pub(crate) fn load_leases(
    database: &mut Database,
    backend: &dyn Backend,
    leases: Vec<(u64, u64, Lease)>,
) -> Result<()> {
    let mut slots = HashMap::new();
    for (hash, token, lease) in leases {
        if database.cold(hash) > 0 {
            for object in read_objects(backend, database.physical, hash)? {
                let uid = object.uid;
                slots.insert(uid, database.install(object));
            }
        }
        let gone = || StorageError::corrupt("name", format!("the lease with token {token} was not found"));
        let slot = *slots.get(&token).ok_or_else(gone)?;
        database.leases.insert(token, Placed { lease, slot });
    }
    Ok(())
}

impl Store {
    fn known_damage(&self) -> Option<String> {
        self.damage.as_ref().map(StorageError::to_string)
    }

    /// Puts what was read in its place, unless the place changed meanwhile. Names have no place: they are handed back,
    /// for the caller to keep until the call that wanted them is answered.
    pub fn install(&mut self, loaded: Loaded) -> Option<Names> {
        let Missing { wanted, physical, .. } = loaded.missing;
        match wanted {
            Wanted::Keys { db, hashes, evicted } => {
                if self.database(db).physical == physical {
                    self.install_objects(db, &hashes, evicted, loaded.found);
                }
            }
            Wanted::Chunks { key, uid, chunks } => self.install_chunks(key, uid, &chunks, loaded.found),
            Wanted::Names { .. } => return self.confirm_names(loaded.found),
        }
        None
    }

    fn confirm_names(&mut self, found: Result<Found>) -> Option<Names> {
        match found {
            Ok(found) => found.names,
            Err(damage) => {
                self.damage = Some(damage);
                None
            }
        }
    }

    /// A key that is cold and was not evicted since the load began was cold all the time, so its records are the newest
    /// and were at rest while they were read.
    fn install_objects(&mut self, db: u32, hashes: &[u64], evicted: u64, found: Result<Found>) {
        let Some(touched) = self.evicted.since(evicted, hashes) else { return };
        let at_rest = |store: &Store, hash: u64| !touched.contains(&hash) && store.database(db).cold(hash) > 0;
        let objects = match found {
            Ok(found) => found.objects,
            // Damage, unless one of the keys changed meanwhile: then it may have been that one.
            Err(damage) if hashes.iter().all(|hash| at_rest(self, *hash)) => return self.damage = Some(damage),
            Err(_) => return,
        };
        // Both are in the order of the hashes: one pass over the two.
        let mut objects = objects.into_iter().peekable();
        for hash in hashes.iter().copied() {
            let these: Vec<Object> = std::iter::from_fn(|| objects.next_if(|o| o.hash == hash)).collect();
            if !at_rest(self, hash) {
                continue;
            }
            let cold = self.database(db).cold(hash);
            if these.len() != cold {
                let detail = format!("{} keys with hash {hash:016x}, expected {cold}", these.len());
                return self.damage = Some(StorageError::corrupt("name", detail));
            }
            for mut object in these {
                object.used_ms = self.now_ms;
                self.db_mut(db).install(object);
            }
        }
    }

    fn install_chunks(&mut self, key: Key, uid: u64, wanted: &[ColdChunk], found: Result<Found>) {
        let here = self.database(key.db).object(key.slot).filter(|o| o.uid == uid);
        let Some(Value::Stream(stream)) = here.map(|o| &o.value) else { return };
        let chunks = match found {
            Ok(found) => found.chunks,
            // Damage, unless one of the chunks is not needed any more: then it may have been that one.
            Err(damage) if wanted.iter().all(|cold| stream.log.wants(cold)) => return self.damage = Some(damage),
            Err(_) => return,
        };
        let installed = self.db_mut(key.db).with_chunks(key.slot, |object| match &mut object.value {
            Value::Stream(stream) => {
                let placed = chunks.into_iter().filter_map(|(cold, bytes)| {
                    let placed = stream.log.install(&cold, bytes);
                    placed.then_some(cold.ordinal)
                });
                placed.collect::<Vec<u64>>()
            }
            _ => Vec::new(),
        });
        installed.into_iter().flatten().for_each(|ordinal| self.list_chunk(key, uid, ordinal));
    }
}
