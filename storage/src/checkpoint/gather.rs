//! What one slice of a checkpoint takes: dirty objects and deletions, as many as may be gathered under one hold of the lock.
//!
//! What can be very large comes in parts: a stream's dead chunks and pending entries, the chunks of a deleted stream. The
//! one surprising rule: an object that is gathered in parts stays dirty to the last, so whatever happens in between, the
//! last slice finishes it.

use super::{Gathered, LIBRARIES_KEY, RULES_KEY, SMALL_WRITE, Slice};
use crate::backend::{Space, Write};
use crate::keys;
use crate::keyspace::lease::Lease;
use crate::keyspace::object::{Kind, Object, Value};
use crate::keyspace::{Database, Gone, GoneValue};
use crate::load::{NameRecord, encode_pending};
use crate::store::{Key, Store};
use crate::stream::{Stream, header};

/// What a slice may still take.
struct Room {
    objects: usize,
    bytes: u64,
}

impl Room {
    /// Whether nothing more fits, now that `out` has grown from `start` bytes.
    fn is_used_up(&self, start: u64, out: &Gathered) -> bool {
        self.objects == 0 || out.bytes - start >= self.bytes
    }

    /// How many small writes fit.
    fn writes(&self, start: u64, out: &Gathered) -> usize {
        usize::try_from(self.bytes.saturating_sub(out.bytes - start) / SMALL_WRITE).unwrap_or(usize::MAX).max(1)
    }
}

/// Bytes that one slice copies under the lock, about; one object more can be added to that.
const SLICE_BYTES: u64 = 4 << 20;

impl Store {
    /// Objects that differ from their records, about, with the deletions of objects and changes of whole databases.
    pub fn dirty_objects(&self) -> usize {
        let whole = self.flushed.len()
            + usize::from(self.swapped)
            + usize::from(self.libraries.dirty)
            + usize::from(self.rules.dirty);
        whole + self.databases.iter().map(|d| d.dirty() + d.gone.len()).sum::<usize>()
    }

    /// Gathers up to `limit` dirty objects for the checkpoint of `epoch`, the longest dirty first, and no more than
    /// about 4 MiB; `usize::MAX` takes all, whatever it is. Until [`Store::completed`] no object is dropped from memory:
    /// what was gathered is not on disk yet.
    pub fn gather(&mut self, epoch: u32, limit: usize, out: &mut Gathered) -> Slice {
        let bytes = if limit == usize::MAX { u64::MAX } else { SLICE_BYTES };
        self.gather_within(epoch, limit, bytes, out)
    }

    /// [`Store::gather`] with another limit of bytes.
    pub(crate) fn gather_within(&mut self, epoch: u32, limit: usize, bytes: u64, out: &mut Gathered) -> Slice {
        self.gather_flushed(out);
        let mut room = Room { objects: limit, bytes };
        let start = out.bytes;
        let mut sealed = Vec::new();
        for (db, database) in (0..).zip(&mut self.databases) {
            gather_database(database, epoch, &mut room, start, out);
            sealed.extend(out.sealed.drain(..).map(|(slot, uid, ordinal)| (Key { db, slot }, uid, ordinal)));
        }
        sealed.into_iter().for_each(|(key, uid, ordinal)| self.list_chunk(key, uid, ordinal));
        self.gathering = self.gathering || !out.is_empty();
        Slice { taken: limit - room.objects, more: self.dirty_objects() > 0 }
    }

    fn gather_flushed(&mut self, out: &mut Gathered) {
        if std::mem::take(&mut self.libraries.dirty) {
            out.put(Space::Meta, LIBRARIES_KEY.to_vec(), self.libraries.bytes.clone());
        }
        if std::mem::take(&mut self.rules.dirty) {
            out.put(Space::Meta, RULES_KEY.to_vec(), self.rules.encode());
        }
        out.swapped |= std::mem::take(&mut self.swapped);
        for physical in self.flushed.drain(..) {
            for space in [Space::Names, Space::Values, Space::Index, Space::Pending] {
                out.delete_prefix(space, keys::database(physical));
            }
            out.flushed.push(physical);
        }
    }
}

fn gather_database(database: &mut Database, epoch: u32, room: &mut Room, start: u64, out: &mut Gathered) {
    let physical = database.physical;
    // All deletions first: a name that was written again since must not be deleted by them.
    while !room.is_used_up(start, out) {
        let Some(gone) = database.gone.front_mut() else { break };
        if !gather_dead_chunks(physical, gone, room.writes(start, out), out) {
            return;
        }
        if let Some(gone) = database.gone.pop_front() {
            gather_gone(physical, gone, out);
        }
        room.objects -= 1;
    }
    while database.gone.is_empty() && !room.is_used_up(start, out) {
        let Some((slot, object)) = database.next_dirty() else { break };
        let sealed = seal_early(slot, object, out);
        let lease = database.lease(slot).cloned();
        let Some(object) = database.object_mut(slot) else { break };
        let whole = gather_object(physical, epoch, object, lease, room.writes(start, out), out);
        database.chunk_bytes += sealed;
        if !whole {
            database.still_dirty(slot);
            return;
        }
        room.objects -= 1;
    }
}

/// See [`crate::stream::log::Log::seal_early`]; how many bytes of chunks the object holds more.
fn seal_early(slot: u32, object: &mut Object, out: &mut Gathered) -> usize {
    let Value::Stream(stream) = &mut object.value else { return 0 };
    let Some(bytes) = stream.log.seal_early() else { return 0 };
    out.sealed.push((slot, object.uid, stream.log.last_sealed()));
    bytes
}

/// Takes up to `limit` of the chunks of what is gone; whether these were all.
fn gather_dead_chunks(physical: u32, gone: &mut Gone, limit: usize, out: &mut Gathered) -> bool {
    let Some(value) = &mut gone.value else { return true };
    let rest = value.chunks.len().saturating_sub(limit);
    for (epoch, base) in value.chunks.drain(rest..) {
        gather_dead_chunk(physical, value.uid, epoch, base, out);
    }
    value.chunks.is_empty()
}

fn gather_gone(physical: u32, gone: Gone, out: &mut Gathered) {
    out.delete(Space::Names, keys::name(physical, gone.hash, &gone.name));
    let Some(GoneValue { uid, kind, .. }) = gone.value else { return };
    out.delete(Space::Values, keys::value(physical, uid));
    if kind == Kind::Stream {
        out.delete_prefix(Space::Index, keys::value(physical, uid));
        out.delete_prefix(Space::Pending, keys::value(physical, uid));
    }
}

fn gather_dead_chunk(physical: u32, uid: u64, epoch: u32, base: crate::StreamId, out: &mut Gathered) {
    out.bytes += SMALL_WRITE;
    out.dead.insert(keys::chunk(epoch, physical, uid, base));
    out.died.push((epoch, physical));
}

/// Gathers an object, of a stream no more than about `limit` small parts; whether that was the whole.
fn gather_object(
    physical: u32,
    epoch: u32,
    object: &mut Object,
    lease: Option<Lease>,
    limit: usize,
    out: &mut Gathered,
) -> bool {
    let uid = object.uid;
    let value = match &mut object.value {
        Value::Str(bytes) => bytes.clone(),
        Value::Stream(stream) => {
            if !gather_stream(physical, uid, epoch, stream, limit, out) {
                // Should it be deleted now, the part that is written has to go, too.
                object.stored = true;
                return false;
            }
            header::write(stream).into()
        }
        Value::Hash(hash) => hash.write().into(),
        Value::List(list) => list.write().into(),
        Value::Set(set) => set.write().into(),
        Value::SortedSet(set) => set.write().into(),
    };
    if object.name_dirty || !object.stored {
        let (kind, deadline_ms, token) = (object.kind(), object.deadline_ms, object.token);
        let record = NameRecord { kind, uid, deadline_ms, token, lease };
        out.put(Space::Names, keys::name(physical, object.hash, &object.name), record.encode());
    }
    out.put(Space::Values, keys::value(physical, uid), value);
    (object.dirty, object.name_dirty, object.stored) = (false, false, true);
    true
}

/// Gathers what belongs to a stream besides its header. What can be very many, dead chunks and pending entries, comes in
/// parts; the rest follows when they are done.
fn gather_stream(physical: u32, uid: u64, epoch: u32, stream: &mut Stream, limit: usize, out: &mut Gathered) -> bool {
    let rest = stream.log.dead.len().saturating_sub(limit);
    for (dead_epoch, base) in stream.log.dead.drain(rest..) {
        gather_dead_chunk(physical, uid, dead_epoch, base, out);
    }
    if rest > 0 || !gather_pending(physical, uid, stream, limit, out) {
        return false;
    }
    for number in std::mem::take(&mut stream.dead_groups) {
        out.delete_prefix(Space::Pending, keys::group(physical, uid, number));
    }
    gather_chunks(physical, uid, epoch, stream, out);
    true
}

fn gather_chunks(physical: u32, uid: u64, epoch: u32, stream: &mut Stream, out: &mut Gathered) {
    let unsettled: Vec<_> = stream.log.unsettled().collect();
    for (ordinal, base, bytes) in unsettled {
        if stream.log.settled(ordinal, epoch, &bytes) {
            let key = keys::chunk(epoch, physical, uid, base);
            out.dead.remove(&key);
            out.bytes += SMALL_WRITE;
            out.chunks.push((key, bytes));
            out.born.push((epoch, physical));
        }
    }
    for page in std::mem::take(&mut stream.log.dirty_pages) {
        let key = keys::page(physical, uid, page);
        match header::write_page(&stream.log, page) {
            Some(bytes) => out.put(Space::Index, key, bytes),
            None => out.delete(Space::Index, key),
        }
    }
}

/// Gathers up to about `limit` changes of pending entries; whether these were all.
fn gather_pending(physical: u32, uid: u64, stream: &mut Stream, limit: usize, out: &mut Gathered) -> bool {
    let mut left = limit;
    stream.groups_mut().all(|group| {
        let number = group.number;
        group.pending.drain_dirty(left, |id, pending| {
            left = left.saturating_sub(1);
            let key = keys::pending(physical, uid, number, id);
            out.bytes += SMALL_WRITE;
            out.writes.push(match pending {
                Some(p) => Write::Put(Space::Pending, key, encode_pending(p).into()),
                None => Write::Delete(Space::Pending, key),
            });
        })
    })
}
