//! A chunk: about 16 KiB of packed entries, the unit that settles on disk. The bytes in memory are the bytes on disk.
//!
//! ```text
//! chunk  = entry*
//! entry  = [length of what follows: varint][flags: u8][ms - base.ms: varint][seq: varint][packed fields]
//! ```
//! `base` is the id of the first entry the chunk ever held; it stands in the chunk's key, not in its bytes.
//! Owns the layout of one chunk. Must never know which chunks a stream has (`log.rs`).

use super::fields::Fields;
use crate::error::{Result, StorageError};
use crate::id::StreamId;
use crate::varint;
use bytes::Bytes;

/// A chunk is sealed when it has grown to this many bytes.
pub const CHUNK_BYTES: usize = 16 * 1024;

/// The entry was deleted and only keeps its place.
const DELETED: u8 = 1;
/// The entry begins a node: the grain in which `~` trims (see `stream-node-max-entries`).
const NODE_START: u8 = 2;

/// One live entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: StreamId,
    /// Its packed fields.
    pub fields: Fields,
}

/// Where one entry stands in a chunk, without its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The entry's id.
    pub id: StreamId,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Whether it begins a node.
    pub node_start: bool,
    /// Offset of the flags byte.
    flags_at: usize,
    /// Offset of the packed fields.
    fields_at: usize,
    /// One past the entry.
    pub end: usize,
}

impl Slot {
    /// The packed fields in `chunk`, the chunk this slot was read from.
    pub fn fields_in<'a>(&self, chunk: &'a [u8]) -> &'a [u8] {
        &chunk[self.fields_at..self.end]
    }
}

/// Appends an entry. `id` must be at least `base`, in milliseconds too.
pub fn push(out: &mut Vec<u8>, base: StreamId, id: StreamId, node_start: bool, packed: &[u8]) {
    let mut head = [0u8; 21];
    let head_len = {
        head[0] = if node_start { NODE_START } else { 0 };
        let used = put_varint(&mut head[1..], id.ms - base.ms);
        1 + used + put_varint(&mut head[1 + used..], id.seq)
    };
    varint::write(out, (head_len + packed.len()) as u64);
    out.extend_from_slice(&head[..head_len]);
    out.extend_from_slice(packed);
}

fn put_varint(out: &mut [u8], mut n: u64) -> usize {
    let mut i = 0;
    while n >= 0x80 {
        out[i] = n as u8 | 0x80;
        n >>= 7;
        i += 1;
    }
    out[i] = n as u8;
    i + 1
}

/// Walks the entries of a chunk in order, deleted ones included. Stops at bytes it cannot read.
#[derive(Clone, Debug)]
pub struct Slots<'a> {
    chunk: &'a [u8],
    base: StreamId,
    at: usize,
}

impl<'a> Slots<'a> {
    /// From the first entry.
    pub fn new(chunk: &'a [u8], base: StreamId) -> Slots<'a> {
        Slots { chunk, base, at: 0 }
    }

    /// From the entry at offset `at`, which an earlier [`Slot::end`] gave.
    pub fn starting_at(chunk: &'a [u8], base: StreamId, at: usize) -> Slots<'a> {
        Slots { chunk, base, at }
    }

    /// Offset of the next entry.
    pub fn offset(&self) -> usize {
        self.at
    }
}

impl Iterator for Slots<'_> {
    type Item = Slot;

    #[inline]
    fn next(&mut self) -> Option<Slot> {
        let (len, used) = varint::read(self.chunk.get(self.at..)?)?;
        let flags_at = self.at + used;
        let end = flags_at.checked_add(usize::try_from(len).ok()?)?;
        let body = self.chunk.get(flags_at..end)?;
        let (&flags, rest) = body.split_first()?;
        let (ms, ms_len) = varint::read(rest)?;
        let (seq, seq_len) = varint::read(&rest[ms_len..])?;
        self.at = end;
        Some(Slot {
            id: StreamId { ms: self.base.ms.checked_add(ms)?, seq },
            deleted: flags & DELETED != 0,
            node_start: flags & NODE_START != 0,
            flags_at,
            fields_at: flags_at + 1 + ms_len + seq_len,
            end,
        })
    }
}

/// Marks the entry `id` deleted; whether it was there and live.
pub fn mark_deleted(chunk: &mut [u8], base: StreamId, id: StreamId) -> bool {
    let found = Slots::new(chunk, base).take_while(|s| s.id <= id).find(|s| s.id == id && !s.deleted);
    match found {
        Some(slot) => {
            chunk[slot.flags_at] |= DELETED;
            true
        }
        None => false,
    }
}

/// Whether `id` is in the chunk and live.
pub fn contains(chunk: &[u8], base: StreamId, id: StreamId) -> bool {
    Slots::new(chunk, base).take_while(|s| s.id <= id).any(|s| s.id == id && !s.deleted)
}

/// Checks a chunk read from disk: every byte belongs to an entry, ids rise, and at least `live` entries are live.
pub fn verify(chunk: &Bytes, base: StreamId, live: u32) -> Result<()> {
    let (mut last, mut found) = (None, 0u32);
    let mut slots = Slots::new(chunk, base);
    for slot in slots.by_ref() {
        if last.is_some_and(|last| slot.id <= last) {
            return Err(StorageError::corrupt("chunk", format!("ids do not rise at {}", slot.id)));
        }
        last = Some(slot.id);
        found += u32::from(!slot.deleted);
    }
    if slots.offset() != chunk.len() {
        return Err(StorageError::corrupt("chunk", format!("unreadable entry at byte {}", slots.offset())));
    }
    if found < live {
        return Err(StorageError::corrupt("chunk", format!("{found} live entries, the index says {live}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn entries_come_back_in_order_and_deletion_sticks() {
        let base = StreamId::new(100, 5);
        let mut chunk = Vec::new();
        let ids = [base, StreamId::new(100, 6), StreamId::new(70_000, 0), StreamId::new(u64::MAX, u64::MAX)];
        for (i, id) in ids.iter().enumerate() {
            push(&mut chunk, base, *id, i == 2, &[i as u8; 3]);
        }
        assert!(mark_deleted(&mut chunk, base, ids[1]));
        assert!(!mark_deleted(&mut chunk, base, ids[1]), "twice");
        assert!(!mark_deleted(&mut chunk, base, StreamId::new(101, 0)), "absent");
        let slots: Vec<Slot> = Slots::new(&chunk, base).collect();
        assert_eq!(slots.iter().map(|s| s.id).collect::<Vec<_>>(), ids);
        assert_eq!(slots.iter().map(|s| s.deleted).collect::<Vec<_>>(), [false, true, false, false]);
        assert_eq!(slots.iter().map(|s| s.node_start).collect::<Vec<_>>(), [false, false, true, false]);
        assert_eq!(slots[3].fields_in(&chunk), [3; 3]);
        assert!(verify(&chunk.clone().into(), base, 3).is_ok());
        assert!(verify(&chunk.into(), base, 4).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_walked_without_panic(bytes: Vec<u8>, ms: u64) {
            let base = StreamId::new(ms, 0);
            let ends: Vec<usize> = Slots::new(&bytes, base).map(|s| s.end).collect();
            prop_assert!(ends.iter().all(|&e| e <= bytes.len()));
            let _ = verify(&bytes.into(), base, 1);
        }
    }
}
