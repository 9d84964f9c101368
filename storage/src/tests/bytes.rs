//! Bytes from nowhere: every reader of a record takes any bytes, answers or refuses, and asks for no more memory than
//! the bytes can stand for. And what is written is read.

use super::actions::Dice;
use crate::batch::{self, Batch, Effect, Ids};
use crate::checkpoint::Meta;
use crate::codec::Reader;
use crate::id::StreamId;
use crate::keyspace::object::{Kind, Object, Value};
use crate::load::NameRecord;
use crate::stream::log::Log;
use crate::stream::{Stream, header};
use proptest::prelude::*;

/// What the effects of a batch borrow from.
struct Source {
    dice: Dice,
    bytes: Vec<u8>,
    ids: Vec<StreamId>,
}

impl Source {
    fn new(seed: u64) -> Source {
        let mut dice = Dice(seed);
        let bytes = (0..64).map(|_| dice.roll(256) as u8).collect();
        let ids = (0..dice.roll(9)).map(|_| StreamId::new(number(&mut dice), number(&mut dice))).collect();
        Source { dice, bytes, ids }
    }
}

/// Numbers of every length, the extremes among them.
fn number(dice: &mut Dice) -> u64 {
    match dice.roll(8) {
        0 => 0,
        1 => u64::MAX,
        2 => i64::MAX as u64,
        _ => dice.roll(u64::MAX) >> dice.roll(64),
    }
}

fn effect<'a>(dice: &mut Dice, bytes: &'a [u8], ids: &'a [StreamId]) -> Effect<'a> {
    let name = &bytes[..dice.roll(bytes.len() as u64 + 1) as usize];
    let (db, group, consumer) = (number(dice) as u32, number(dice) as u32, number(dice) as u32);
    let (n, m, ms, ms2) = (number(dice), number(dice), number(dice) as i64, number(dice) as i64);
    let (id, id2) = (StreamId::new(number(dice), number(dice)), StreamId::new(number(dice), number(dice)));
    let some = dice.one_in(2).then_some(n);
    let ids = Ids::Listed(ids);
    match dice.roll(34) {
        34 => Effect::Lease { grace_ms: some, meta: name },
        32 => Effect::Libraries { bytes: name },
        33 => Effect::Rule { name, bytes },
        0 => Effect::Key { db, name },
        1 => Effect::Delete,
        2 => Effect::Rename { db, name },
        3 => Effect::Deadline { at_ms: some },
        4 => Effect::Copy { db, name },
        5 => Effect::Flush { db, physical: group },
        6 => Effect::Swap { a: db, b: group },
        7 => Effect::SetString { uid: m, deadline_ms: some, value: name, token: dice.one_in(2) },
        8 => Effect::PatchString { offset: n, bytes: name },
        9 => Effect::StreamCreate { uid: n },
        10 => Effect::Append { id, packed: name },
        11 => Effect::Trim { first: id, removed: n },
        12 => Effect::DeleteEntry { id, first: id2 },
        13 => Effect::StreamCounters { last: id, added: n, max_deleted: id2 },
        14 => Effect::GroupCreate { group, name, last: id, read: some, passed: m },
        15 => Effect::GroupCursor { group, last: id, read: some, passed: m },
        16 => Effect::GroupDestroy { group },
        17 => Effect::ConsumerAdd { group, consumer, name, seen_ms: ms },
        18 => Effect::ConsumerRemove { group, consumer },
        19 => Effect::ConsumerSeen { group, consumer, seen_ms: ms, active_ms: ms2 },
        20 => Effect::Deliver { group, consumer, at_ms: ms, read: some, passed: m, ids },
        21 => Effect::Ack { group, ids },
        22 => Effect::Pend { group, id, consumer, delivered_ms: ms, deliveries: ms2 },
        23 => Effect::IdmpRecord { producer: name, iid: bytes, id },
        24 => Effect::IdmpDuplicate,
        25 => Effect::Redeliver { group, consumer, at_ms: ms, counted: n % 2 == 0, ids },
        27..32 => {
            let samples = crate::change::samples();
            Effect::Change(samples[dice.roll(samples.len() as u64) as usize])
        }
        _ => Effect::IdmpConfig { duration_s: n, max_size: m },
    }
}

/// Lists of ids are packed by writing: the same list, in the other form.
fn packed(effect: &Effect<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    effect.encode(&mut out);
    out
}

/// A stream with a bit of everything, from random effects that fit it.
fn stream(dice: &mut Dice) -> Stream {
    let mut stream = Stream::default();
    let mut apply = |effect: Effect<'_>| drop(stream.apply(&effect, Default::default()));
    let n = 2 + dice.roll(30);
    for ms in 1..n {
        apply(Effect::Append { id: StreamId::new(ms, 0), packed: &vec![0; dice.roll(6000) as usize] });
    }
    for group in 1..dice.roll(4) as u32 {
        let (name, last, read) = (&[b'g', group as u8][..], StreamId::new(dice.roll(n), 0), Some(1));
        apply(Effect::GroupCreate { group, name, last, read, passed: last.ms });
        apply(Effect::ConsumerAdd { group, consumer: 1, name: b"c", seen_ms: 5 });
        let (read, passed, ids) = (Some(1), last.ms, Ids::Listed(&[StreamId::new(1, 0)]));
        apply(Effect::Deliver { group, consumer: 1, at_ms: 6, read, passed, ids });
    }
    apply(Effect::IdmpRecord { producer: b"p", iid: b"i", id: StreamId::new(1, 0) });
    stream
}

/// All readers over the same bytes; what they give back is no larger than what they got.
fn read_all(bytes: &[u8]) {
    let room = 1000 + bytes.len() * 400;
    if let Ok((stream, _)) = header::read(bytes) {
        assert!(stream.memory() <= room, "{} bytes made {}", bytes.len(), stream.memory());
        header::write(&stream);
    }
    for first_ordinal in [0, u64::MAX - 1] {
        let mut log = Log::default();
        (log.first_ordinal, log.length) = (first_ordinal, 1);
        let _ = header::read_page(&mut log, bytes);
        assert!(log.memory() <= room);
    }
    for kind in [Kind::Hash, Kind::List, Kind::Set, Kind::SortedSet] {
        if let Ok(value) = Value::read(kind, bytes) {
            let memory = Object::new(b"", 0, 0, value).memory();
            assert!(memory <= room + 4000, "{} bytes made {memory}", bytes.len());
        }
    }
    if let Ok(record) = NameRecord::decode(bytes) {
        assert_eq!(NameRecord::decode(&record.encode()).unwrap(), record);
    }
    if let Ok(meta) = Meta::decode(bytes) {
        assert!(meta.databases.len() <= bytes.len());
        assert_eq!(Meta::decode(&meta.encode()).unwrap(), meta);
    }
    let _ = batch::read(bytes, |effect| match effect {
        Effect::Ack { ids, .. } | Effect::Deliver { ids, .. } | Effect::Redeliver { ids, .. } => ids.for_each(|_| ()),
        other => {
            assert!(!packed(&other).is_empty());
            Ok(())
        }
    });
}

proptest! {
    #[test]
    fn any_batch_of_effects_comes_back(seed: u64, count in 0usize..40) {
        let Source { mut dice, bytes, ids } = Source::new(seed);
        let effects: Vec<Effect<'_>> = (0..count).map(|_| effect(&mut dice, &bytes, &ids)).collect();
        let mut batch = Batch::default();
        effects.iter().for_each(|effect| batch.push(effect));
        let mut expected = effects.iter();
        batch::read(&batch.take(Vec::new()), |effect| {
            let written = expected.next().expect("no more than were written");
            // Lists of ids come back packed; packed again they are the same bytes.
            assert_eq!(packed(&effect), packed(written));
            Ok(())
        }).unwrap();
        prop_assert!(expected.next().is_none());
    }

    #[test]
    fn readers_take_any_bytes(bytes: Vec<u8>) {
        read_all(&bytes);
    }

    #[test]
    fn readers_take_any_bytes_behind_a_known_version(mut bytes: Vec<u8>) {
        bytes.insert(0, 1);
        read_all(&bytes);
    }

    #[test]
    fn readers_take_damaged_records(seed: u64, flips in prop::collection::vec((any::<u16>(), any::<u8>()), 0..4), cut: u16) {
        let mut dice = Dice(seed);
        let stream = stream(&mut dice);
        let pages = header::write_page(&stream.log, 0);
        for mut bytes in [Some(header::write(&stream)), pages].into_iter().flatten() {
            for (at, byte) in &flips {
                let len = bytes.len();
                bytes[*at as usize % len] ^= byte;
            }
            if cut % 4 == 0 {
                bytes.truncate(cut as usize % (bytes.len() + 1));
            }
            read_all(&bytes);
        }
    }

    #[test]
    fn a_header_comes_back(seed: u64) {
        let stream = stream(&mut Dice(seed));
        let bytes = header::write(&stream);
        let (mut back, chunks) = header::read(&bytes).unwrap();
        prop_assert_eq!(chunks, stream.log.sealed_chunks());
        if let Some(page) = header::write_page(&stream.log, 0) {
            header::read_page(&mut back.log, &page).unwrap();
        }
        prop_assert_eq!(header::write(&back), bytes);
    }
}

#[test]
fn a_length_that_promises_too_much_is_refused() {
    let mut bytes = Vec::new();
    crate::varint::write(&mut bytes, u64::MAX);
    assert!(Reader::new(&bytes, "test").bytes().is_err());
}
