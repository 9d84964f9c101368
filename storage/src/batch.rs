//! The one language of change. What a commit writes to the journal, what recovery reads, what a replica will apply.
//!
//! A batch is a version byte and a list of effects. An effect is settled: ids, times and counts are values, nothing
//! has to be evaluated again. Object effects apply to the key that the last [`Effect::Key`] named.
//!
//! ## Changing it
//! Tags are never renumbered or reused. A new effect takes the next number; an effect whose fields change becomes a new
//! tag, and the old one stays readable. Raise [`VERSION`] only when an old reader would misread the whole.

#![allow(missing_docs, reason = "fields are named in the words of the variant's sentence")]

mod buffer;
mod ids;
mod strings;

use crate::change::{self, Change};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::id::StreamId;

pub use buffer::Batch;
pub use ids::Ids;

/// The format of a batch.
pub const VERSION: u8 = 1;

/// One settled change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// The object effects that follow are about this key.
    Key { db: u32, name: &'a [u8] },
    /// The key is gone.
    Delete,
    /// The key (to be taken away here) lives on as `name` in `db`, replacing what was there.
    Rename { db: u32, name: &'a [u8] },
    /// The key vanishes at this Unix time in milliseconds; `None` = never.
    Deadline { at_ms: Option<u64> },
    /// A second key with the same value, as `name` in `db`, replacing what was there.
    Copy { db: u32, name: &'a [u8] },
    /// All keys of `db` are gone; it continues as physical database `physical`.
    Flush { db: u32, physical: u32 },
    /// Two databases change places.
    Swap { a: u32, b: u32 },
    /// All libraries of functions.
    Libraries { bytes: &'a [u8] },
    /// The standing rule under this name; empty = there is none any more.
    Rule { name: &'a [u8], bytes: &'a [u8] },
    /// The key is this string, whatever it was before; `token`: its uid is a token.
    SetString { uid: u64, deadline_ms: Option<u64>, value: &'a [u8], token: bool },
    /// The key, which has a token, is a lease of which this is known.
    Lease { grace_ms: Option<u64>, meta: &'a [u8] },
    /// The string's bytes from `offset` on are overwritten, zero-padded before.
    PatchString { offset: u64, bytes: &'a [u8] },
    /// The key is an empty stream.
    StreamCreate { uid: u64 },
    /// An entry behind all others.
    Append { id: StreamId, packed: &'a [u8] },
    /// The `removed` live entries below `first` are gone; `first` is the first that stays.
    Trim { first: StreamId, removed: u64 },
    /// One live entry is gone; `first` is the first live entry now.
    DeleteEntry { id: StreamId, first: StreamId },
    /// The stream's counters.
    StreamCounters { last: StreamId, added: u64, max_deleted: StreamId },
    /// A new group.
    GroupCreate { group: u32, name: &'a [u8], last: StreamId, read: Option<u64>, passed: u64 },
    /// The group's cursor.
    GroupCursor { group: u32, last: StreamId, read: Option<u64>, passed: u64 },
    /// The group is gone.
    GroupDestroy { group: u32 },
    /// A new consumer.
    ConsumerAdd { group: u32, consumer: u32, name: &'a [u8], seen_ms: i64 },
    /// The consumer and what was pending for it are gone.
    ConsumerRemove { group: u32, consumer: u32 },
    /// When the consumer last called and last got something.
    ConsumerSeen { group: u32, consumer: u32, seen_ms: i64, active_ms: i64 },
    /// New entries are pending for `consumer`, first delivery at `at_ms`; the group's cursor is at the last of them.
    Deliver { group: u32, consumer: u32, at_ms: i64, read: Option<u64>, passed: u64, ids: Ids<'a> },
    /// These entries are not pending any more.
    Ack { group: u32, ids: Ids<'a> },
    /// One entry is pending like this.
    Pend { group: u32, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64 },
    /// These pending entries belong to `consumer` now, delivered at `at_ms`; `counted` adds one to their deliveries.
    Redeliver { group: u32, consumer: u32, at_ms: i64, counted: bool, ids: Ids<'a> },
    /// A producer's idempotent id stands for this entry.
    IdmpRecord { producer: &'a [u8], iid: &'a [u8], id: StreamId },
    /// A duplicate was recognised.
    IdmpDuplicate,
    /// Idempotency limits; a changed value forgets all recorded ids.
    IdmpConfig { duration_s: u64, max_size: u64 },
    /// A change of a hash, list, set or sorted set.
    Change(Change<'a>),
}

impl<'a> Effect<'a> {
    /// Appends the encoded effect.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Effect::Key { db, name } => {
                out.push(1);
                out.put_num(u64::from(*db));
                out.put_bytes(name);
            }
            Effect::Delete => out.push(2),
            Effect::Rename { db, name } => {
                out.push(3);
                out.put_num(u64::from(*db));
                out.put_bytes(name);
            }
            Effect::Deadline { at_ms } => {
                out.push(4);
                out.put_option(*at_ms);
            }
            Effect::SetString { .. } | Effect::Lease { .. } | Effect::PatchString { .. } => self.encode_string(out),
            Effect::Copy { db, name } => {
                put_nums(out, 9, &[u64::from(*db)]);
                out.put_bytes(name);
            }
            Effect::StreamCreate { uid } => put_nums(out, 16, &[*uid]),
            Effect::Append { id, packed } => {
                out.push(17);
                out.put_id(*id);
                out.put_bytes(packed);
            }
            Effect::Trim { first, removed } => {
                out.push(18);
                out.put_id(*first);
                out.put_num(*removed);
            }
            Effect::DeleteEntry { id, first } => {
                out.push(19);
                out.put_id(*id);
                out.put_id(*first);
            }
            Effect::StreamCounters { last, added, max_deleted } => {
                out.push(20);
                out.put_id(*last);
                out.put_num(*added);
                out.put_id(*max_deleted);
            }
            Effect::IdmpRecord { producer, iid, id } => {
                out.push(21);
                out.put_bytes(producer);
                out.put_bytes(iid);
                out.put_id(*id);
            }
            Effect::IdmpDuplicate => out.push(22),
            Effect::IdmpConfig { duration_s, max_size } => put_nums(out, 23, &[*duration_s, *max_size]),
            Effect::Change(change) => change.encode(out),
            Effect::Flush { .. } | Effect::Swap { .. } | Effect::Libraries { .. } | Effect::Rule { .. } => {
                self.encode_of_store(out);
            }
            group_effect => group_effect.encode_group(out),
        }
    }

    fn encode_of_store(&self, out: &mut Vec<u8>) {
        match self {
            Effect::Flush { db, physical } => put_nums(out, 5, &[u64::from(*db), u64::from(*physical)]),
            Effect::Swap { a, b } => put_nums(out, 6, &[u64::from(*a), u64::from(*b)]),
            Effect::Libraries { bytes } => {
                out.push(10);
                out.put_bytes(bytes);
            }
            Effect::Rule { name, bytes } => {
                out.push(11);
                out.put_bytes(name);
                out.put_bytes(bytes);
            }
            _ => debug_assert!(false, "encode() handles every other effect"),
        }
    }

    fn encode_group(&self, out: &mut Vec<u8>) {
        match self {
            Effect::GroupCreate { group, name, last, read, passed } => {
                put_nums(out, 32, &[u64::from(*group)]);
                out.put_bytes(name);
                put_cursor(out, *last, *read, *passed);
            }
            Effect::GroupCursor { group, last, read, passed } => {
                put_nums(out, 33, &[u64::from(*group)]);
                put_cursor(out, *last, *read, *passed);
            }
            Effect::GroupDestroy { group } => put_nums(out, 34, &[u64::from(*group)]),
            Effect::ConsumerAdd { group, consumer, name, seen_ms } => {
                put_nums(out, 35, &[u64::from(*group), u64::from(*consumer)]);
                out.put_bytes(name);
                out.put_signed(*seen_ms);
            }
            Effect::ConsumerRemove { group, consumer } => {
                put_nums(out, 36, &[u64::from(*group), u64::from(*consumer)]);
            }
            Effect::ConsumerSeen { group, consumer, seen_ms, active_ms } => {
                put_nums(out, 37, &[u64::from(*group), u64::from(*consumer)]);
                out.put_signed(*seen_ms);
                out.put_signed(*active_ms);
            }
            Effect::Deliver { group, consumer, at_ms, read, passed, ids } => {
                put_nums(out, 42, &[u64::from(*group), u64::from(*consumer)]);
                out.put_signed(*at_ms);
                out.put_option(*read);
                out.put_num(*passed);
                ids.encode(out);
            }
            Effect::Ack { group, ids } => {
                put_nums(out, 39, &[u64::from(*group)]);
                ids.encode(out);
            }
            Effect::Pend { group, id, consumer, delivered_ms, deliveries } => {
                put_nums(out, 40, &[u64::from(*group)]);
                out.put_id(*id);
                out.put_num(u64::from(*consumer));
                out.put_signed(*delivered_ms);
                out.put_signed(*deliveries);
            }
            Effect::Redeliver { group, consumer, at_ms, counted, ids } => {
                put_nums(out, 41, &[u64::from(*group), u64::from(*consumer)]);
                out.put_signed(*at_ms);
                out.push(u8::from(*counted));
                ids.encode(out);
            }
            _ => debug_assert!(false, "encode() handles every other effect"),
        }
    }

    /// The databases it names; others than those of the selected key.
    pub(crate) fn databases(&self) -> [u32; 2] {
        match self {
            Effect::Key { db, .. } | Effect::Flush { db, .. } => [*db; 2],
            Effect::Rename { db, .. } | Effect::Copy { db, .. } => [*db; 2],
            Effect::Swap { a, b } => [*a, *b],
            _ => [0; 2],
        }
    }

    /// Reads one effect.
    pub fn decode(r: &mut Reader<'a>) -> Result<Effect<'a>> {
        Ok(match r.byte()? {
            1 => Effect::Key { db: r.num32()?, name: r.bytes()? },
            2 => Effect::Delete,
            3 => Effect::Rename { db: r.num32()?, name: r.bytes()? },
            4 => Effect::Deadline { at_ms: r.option()? },
            5 => Effect::Flush { db: r.num32()?, physical: r.num32()? },
            6 => Effect::Swap { a: r.num32()?, b: r.num32()? },
            tag @ (7 | 13) => {
                let (uid, deadline_ms, value) = (r.num()?, r.option()?, r.bytes()?);
                Effect::SetString { uid, deadline_ms, value, token: tag == 13 }
            }
            8 => Effect::PatchString { offset: r.num()?, bytes: r.bytes()? },
            9 => Effect::Copy { db: r.num32()?, name: r.bytes()? },
            10 => Effect::Libraries { bytes: r.bytes()? },
            11 => Effect::Rule { name: r.bytes()?, bytes: r.bytes()? },
            12 => Effect::Lease { grace_ms: r.option()?, meta: r.bytes()? },
            16 => Effect::StreamCreate { uid: r.num()? },
            17 => Effect::Append { id: r.id()?, packed: r.bytes()? },
            18 => Effect::Trim { first: r.id()?, removed: r.num()? },
            19 => Effect::DeleteEntry { id: r.id()?, first: r.id()? },
            20 => Effect::StreamCounters { last: r.id()?, added: r.num()?, max_deleted: r.id()? },
            21 => Effect::IdmpRecord { producer: r.bytes()?, iid: r.bytes()?, id: r.id()? },
            22 => Effect::IdmpDuplicate,
            23 => Effect::IdmpConfig { duration_s: r.num()?, max_size: r.num()? },
            tag if change::TAGS.contains(&tag) => Effect::Change(Change::decode(tag, r)?),
            tag => Effect::decode_group(tag, r)?,
        })
    }

    fn decode_group(tag: u8, r: &mut Reader<'a>) -> Result<Effect<'a>> {
        let group = r.num32()?;
        Ok(match tag {
            32 => Effect::GroupCreate { group, name: r.bytes()?, last: r.id()?, read: r.option()?, passed: r.num()? },
            33 => Effect::GroupCursor { group, last: r.id()?, read: r.option()?, passed: r.num()? },
            34 => Effect::GroupDestroy { group },
            35 => Effect::ConsumerAdd { group, consumer: r.num32()?, name: r.bytes()?, seen_ms: r.signed()? },
            36 => Effect::ConsumerRemove { group, consumer: r.num32()? },
            37 => Effect::ConsumerSeen { group, consumer: r.num32()?, seen_ms: r.signed()?, active_ms: r.signed()? },
            39 => Effect::Ack { group, ids: Ids::Packed(r.bytes()?) },
            40 => Effect::Pend {
                group,
                id: r.id()?,
                consumer: r.num32()?,
                delivered_ms: r.signed()?,
                deliveries: r.signed()?,
            },
            41 => Effect::Redeliver {
                group,
                consumer: r.num32()?,
                at_ms: r.signed()?,
                counted: r.byte()? != 0,
                ids: Ids::Packed(r.bytes()?),
            },
            42 => {
                let (consumer, at_ms, read, passed) = (r.num32()?, r.signed()?, r.option()?, r.num()?);
                Effect::Deliver { group, consumer, at_ms, read, passed, ids: Ids::Packed(r.bytes()?) }
            }
            other => return Err(StorageError::corrupt("batch", format!("unknown effect {other}"))),
        })
    }
}

fn put_nums(out: &mut Vec<u8>, tag: u8, nums: &[u64]) {
    out.push(tag);
    for n in nums {
        out.put_num(*n);
    }
}

fn put_cursor(out: &mut Vec<u8>, last: StreamId, read: Option<u64>, passed: u64) {
    out.put_id(last);
    out.put_option(read);
    out.put_num(passed);
}

/// Calls `visit` for each effect of a committed batch.
pub fn read(bytes: &[u8], mut visit: impl FnMut(Effect<'_>) -> Result<()>) -> Result<()> {
    let mut r = Reader::new(bytes, "batch");
    if r.is_empty() {
        return Ok(());
    }
    match r.byte()? {
        VERSION => {}
        other => return Err(StorageError::corrupt("batch", format!("version {other}, known is {VERSION}"))),
    }
    while !r.is_empty() {
        visit(Effect::decode(&mut r)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn samples<'a>() -> Vec<Effect<'a>> {
        let id = StreamId::new(1_700_000_000_000, 3);
        let (group, consumer) = (300, 7);
        vec![
            Effect::Key { db: 15, name: b"s" },
            Effect::Delete,
            Effect::Rename { db: 0, name: b"" },
            Effect::Copy { db: 3, name: b"c" },
            Effect::Deadline { at_ms: Some(u64::MAX) },
            Effect::Deadline { at_ms: None },
            Effect::Flush { db: 1, physical: 99 },
            Effect::Swap { a: 1, b: 2 },
            Effect::Libraries { bytes: b"l\0" },
            Effect::Rule { name: b"n", bytes: b"" },
            Effect::SetString { uid: 9, deadline_ms: Some(0), value: b"v\r\n", token: false },
            Effect::SetString { uid: 10, deadline_ms: Some(1), value: b"", token: true },
            Effect::Lease { grace_ms: Some(1000), meta: b"m" },
            Effect::Lease { grace_ms: None, meta: b"" },
            Effect::PatchString { offset: 1 << 40, bytes: b"x" },
            Effect::StreamCreate { uid: u64::MAX },
            Effect::Append { id, packed: b"abc" },
            Effect::Trim { first: StreamId::MAX, removed: 1 },
            Effect::DeleteEntry { id, first: StreamId::MIN },
            Effect::StreamCounters { last: id, added: 4, max_deleted: id },
            Effect::GroupCreate { group, name: b"g", last: id, read: None, passed: 0 },
            Effect::GroupCursor { group, last: id, read: Some(0), passed: 5 },
            Effect::GroupDestroy { group },
            Effect::ConsumerAdd { group, consumer, name: b"c", seen_ms: -1 },
            Effect::ConsumerRemove { group, consumer },
            Effect::ConsumerSeen { group, consumer, seen_ms: i64::MAX, active_ms: i64::MIN },
            Effect::Pend { group, id, consumer: 0, delivered_ms: 0, deliveries: i64::MAX },
            Effect::Redeliver { group, consumer, at_ms: 5, counted: true, ids: Ids::Packed(b"\x02\x01") },
            Effect::IdmpRecord { producer: b"p", iid: b"i", id },
            Effect::IdmpDuplicate,
            Effect::IdmpConfig { duration_s: 1, max_size: 2 },
        ]
    }

    #[test]
    fn every_effect_comes_back() {
        let mut batch = Batch::default();
        let samples = || samples().into_iter().chain(change::samples().into_iter().map(Effect::Change));
        samples().for_each(|e| batch.push(&e));
        let bytes = batch.take(Vec::new());
        let mut expected = samples();
        read(&bytes, |e| {
            assert_eq!(Some(e), expected.next());
            Ok(())
        })
        .unwrap();
        assert_eq!(expected.next(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _ = read(&bytes, |e| if let Effect::Ack { ids, .. } = e { ids.for_each(|_| ()) } else { Ok(()) });
        }
    }
}
