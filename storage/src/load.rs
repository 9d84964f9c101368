//! Bringing what is only on disk into memory: named under the engine lock, read without it, installed under it again.
//!
//! One mechanism, like a page fault: a command answers [`Missing`], its caller reads ([`Missing::read`]), installs
//! ([`Store::install`]) and runs the command again. What became stale in between is not installed, the command then
//! simply asks again.

use crate::backend::{Backend, Space};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::keys;
use crate::keyspace::object::{Kind, Object, Value};
use crate::names::Names;
use crate::store::{Key, Store};
use crate::stream::log::{Cold, ColdChunk};
use crate::stream::pending::Pending;
use crate::stream::{Stream, chunk, header};
use bytes::Bytes;
use std::ops::ControlFlow;

/// What a command needs that is only on disk.
#[derive(Clone, Debug)]
pub struct Missing {
    wanted: Wanted,
    physical: u32,
}

#[derive(Clone, Debug)]
enum Wanted {
    /// Everything about the keys with these hashes.
    Keys { db: u32, hashes: Vec<u64>, evictions: u64 },
    /// What the records of names with these hashes say, both ends included.
    Names { from: u64, to: u64 },
    /// Parts of a stream that is in memory.
    Chunks { key: Key, uid: u64, chunks: Vec<ColdChunk> },
}

/// What was read for a [`Missing`].
#[derive(Debug)]
pub struct Loaded {
    missing: Missing,
    objects: Vec<Object>,
    chunks: Vec<(ColdChunk, Bytes)>,
    names: Option<Names>,
}

const NAME_VERSION: u8 = 1;

/// The record of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NameRecord {
    pub kind: Kind,
    pub uid: u64,
    pub deadline_ms: Option<u64>,
}

impl NameRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![NAME_VERSION, self.kind as u8];
        out.put_num(self.uid);
        out.put_option(self.deadline_ms);
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<NameRecord> {
        let mut r = Reader::new(bytes, "name record");
        let (version, tag) = (r.byte()?, r.byte()?);
        if version != NAME_VERSION {
            return Err(StorageError::corrupt("name record", format!("version {version}")));
        }
        let kind = Kind::from_tag(tag).ok_or_else(|| StorageError::corrupt("name record", format!("kind {tag}")))?;
        Ok(NameRecord { kind, uid: r.num()?, deadline_ms: r.option()? })
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

impl Missing {
    pub(crate) fn keys(db: u32, physical: u32, hashes: Vec<u64>, evictions: u64) -> Missing {
        Missing { physical, wanted: Wanted::Keys { db, hashes, evictions } }
    }

    pub(crate) fn names(physical: u32, from: u64, to: u64) -> Missing {
        Missing { physical, wanted: Wanted::Names { from, to } }
    }

    pub(crate) fn chunks(key: Key, physical: u32, uid: u64, cold: Cold) -> Missing {
        Missing { physical, wanted: Wanted::Chunks { key, uid, chunks: cold.0 } }
    }

    /// Reads it. Blocks on the disk.
    pub fn read(self, backend: &dyn Backend) -> Result<Loaded> {
        let (mut objects, mut chunks, mut names) = (Vec::new(), Vec::new(), None);
        match &self.wanted {
            Wanted::Keys { hashes, .. } => {
                for hash in hashes {
                    objects.extend(read_objects(backend, self.physical, *hash)?);
                }
            }
            Wanted::Names { from, to } => names = Some(Names::read(backend, self.physical, *from, *to)?),
            Wanted::Chunks { uid, chunks: wanted, .. } => {
                for cold in wanted {
                    chunks.push((*cold, read_chunk(backend, self.physical, *uid, cold)?));
                }
            }
        }
        Ok(Loaded { missing: self, objects, chunks, names })
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
    let mut objects = Vec::new();
    for (name, record) in found {
        match read_object(backend, physical, hash, &name, &record) {
            Ok(object) => objects.push(object),
            // Its records are not read in one view: what a checkpoint replaced meanwhile is no damage. Whoever wanted
            // it finds the newer state in memory, or asks again.
            Err(_) if !is_current(backend, &keys::name(physical, hash, &name), &record)? => {}
            Err(damage) => return Err(damage),
        }
    }
    Ok(objects)
}

fn is_current(backend: &dyn Backend, key: &[u8], record: &NameRecord) -> Result<bool> {
    let now = backend.get(Space::Names, key)?.map(|bytes| NameRecord::decode(&bytes)).transpose()?;
    Ok(now.as_ref() == Some(record))
}

fn read_object(backend: &dyn Backend, physical: u32, hash: u64, name: &[u8], record: &NameRecord) -> Result<Object> {
    let key = keys::value(physical, record.uid);
    let bytes = backend
        .get(Space::Values, &key)?
        .ok_or_else(|| StorageError::corrupt("value", format!("value {} is missing", record.uid)))?;
    let value = match record.kind {
        Kind::Str => Value::Str(bytes.into()),
        Kind::Stream => Value::Stream(Box::new(read_stream(backend, physical, record.uid, &bytes)?)),
    };
    let mut object = Object::new(name, hash, record.uid, value);
    object.deadline_ms = record.deadline_ms;
    (object.stored, object.name_dirty) = (true, false);
    Ok(object)
}

fn read_stream(backend: &dyn Backend, physical: u32, uid: u64, bytes: &[u8]) -> Result<Stream> {
    let (mut stream, chunks) = header::read(bytes)?;
    scan_prefix(backend, Space::Index, keys::value(physical, uid), |_, page| header::read_page(&mut stream.log, page))?;
    if stream.log.sealed_chunks() != chunks {
        let found = stream.log.sealed_chunks();
        return Err(StorageError::corrupt("stream index", format!("{found} chunks, the header says {chunks}")));
    }
    let mut pending = Vec::new();
    scan_prefix(backend, Space::Pending, keys::value(physical, uid), |key, value| {
        let (group, id) =
            keys::split_pending(key).ok_or_else(|| StorageError::corrupt("pending entry", "malformed key"))?;
        let mut r = Reader::new(value, "pending entry");
        let (consumer, delivered_ms, deliveries) = (r.num32()?, r.signed()?, r.signed()?);
        pending.push((r.num()?, group, id, consumer, delivered_ms, deliveries));
        Ok(())
    })?;
    pending.sort_unstable_by_key(|p| p.0);
    for (_, group, id, consumer, delivered_ms, deliveries) in pending {
        stream.restore_pending(group, id, consumer, delivered_ms, deliveries)?;
    }
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

impl Store {
    /// Puts what was read in its place, unless the place changed meanwhile. Names have no place: they are handed back,
    /// for the caller to keep until the call that wanted them is answered.
    pub fn install(&mut self, loaded: Loaded) -> Option<Names> {
        match loaded.missing.wanted {
            Wanted::Keys { db, evictions, .. } => {
                let current = self.database(db).physical == loaded.missing.physical;
                // An object that came and went in between may have been written anew: only a load that saw no
                // eviction is certainly the newest.
                if !current || self.evictions != evictions {
                    return None;
                }
                for mut object in loaded.objects {
                    object.used_ms = self.now_ms;
                    self.db_mut(db).install(object);
                }
            }
            Wanted::Chunks { key, uid, .. } => self.install_chunks(key, uid, loaded.chunks),
            Wanted::Names { .. } => {}
        }
        loaded.names
    }

    fn install_chunks(&mut self, key: Key, uid: u64, chunks: Vec<(ColdChunk, Bytes)>) {
        let Some(object) = self.databases[key.db as usize].object_mut(key.slot).filter(|o| o.uid == uid) else {
            return;
        };
        let Value::Stream(stream) = &mut object.value else { return };
        for (cold, bytes) in chunks {
            if stream.log.install(&cold, bytes) {
                self.resident.push_back((key.db, key.slot, uid, cold.ordinal));
            }
        }
    }
}
