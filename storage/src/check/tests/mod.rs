//! Records that are broken one by one: each is found, where it is, and nothing else stops because of it. (The random lives
//! in `tests/` check every disk they leave: a check that finds something in a sound store fails there.)

mod folder;

use super::{Kind, Place, Report, check_records};
use crate::backend::memory::Memory;
use crate::backend::{Backend, Space, Write};
use crate::batch::{Effect, Ids};
use crate::change::Change;
use crate::checkpoint::Gathered;
use crate::id::StreamId;
use crate::keys;
use crate::keyspace::object::Kind as Type;
use crate::load::NameRecord;
use crate::store::Store;
use crate::stream::fields;
use bytes::Bytes;
use std::ops::ControlFlow;
use std::sync::Arc;

const ENTRIES: u64 = 60;

fn fill(store: &mut Store) {
    store.set_string(0, b"string", None, Bytes::from_static(b"v"), Some(1 << 40));
    store.set_string(1, b"string", None, Bytes::from_static(b"other"), None);
    let hash = store.create(0, b"hash", Type::Hash, None);
    store.change_value(hash, Change::FieldPut { field: b"f", value: b"v", deadline_ms: Some(1 << 40) });
    store.change_value(hash, Change::FieldPut { field: b"g", value: b"w", deadline_ms: None });
    let list = store.create(0, b"list", Type::List, None);
    store.change_value(list, Change::ListPush { back: true, value: b"element" });
    let set = store.create(0, b"set", Type::Set, None);
    store.change_value(set, Change::MemberAdd { member: b"member" });
    let sorted = store.create(0, b"sorted", Type::SortedSet, None);
    for (member, score) in [(b"a", 2.5f64), (b"b", -1.0)] {
        store.change_value(sorted, Change::ScorePut { member, bits: score.to_bits() });
    }
    fill_stream(store);
}

/// Entries 1-0 to 60-0 of a kilobyte, 3-0 deleted, in several chunks; a group at 10-0 with nine pending entries.
fn fill_stream(store: &mut Store) {
    let key = store.create_stream(0, b"stream");
    let mut change = |effect: Effect<'_>| store.change(key, &effect);
    for ms in 1..=ENTRIES {
        let mut packed = Vec::new();
        fields::pack(&mut packed, [&b"field"[..], &[7; 1000]].into_iter());
        change(Effect::Append { id: id(ms), packed: &packed });
    }
    change(Effect::DeleteEntry { id: id(3), first: id(1) });
    change(Effect::GroupCreate { group: 1, name: b"group", last: id(0), read: None, passed: 0 });
    change(Effect::ConsumerAdd { group: 1, consumer: 1, name: b"me", seen_ms: 5 });
    let ids: Vec<StreamId> = (1..=10).filter(|ms| *ms != 3).map(id).collect();
    let ids = Ids::Listed(&ids);
    change(Effect::Deliver { group: 1, consumer: 1, at_ms: 7, read: Some(9), passed: 9, ids });
    change(Effect::IdmpRecord { producer: b"p", iid: b"i", id: id(9) });
}

fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 0)
}

/// The records of a store, changed at will.
struct Records(Memory);

impl Records {
    fn written() -> Records {
        Records::of(fill)
    }

    fn of(fill: impl Fn(&mut Store)) -> Records {
        let backend = Arc::new(Memory::new());
        let mut journal = crate::journal::MemoryJournal::new();
        let mut opened = crate::open::open(backend.clone(), &mut journal, 2, Default::default()).unwrap();
        fill(&mut opened.store);
        let mut gathered = Gathered::default();
        opened.store.gather(opened.settler.epoch(), usize::MAX, &mut gathered);
        let meta = opened.store.meta(Default::default(), opened.settler.epoch());
        opened.settler.complete(gathered, &meta).unwrap();
        drop(opened);
        Records(Arc::into_inner(backend).unwrap())
    }

    fn all(&self, space: Space) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut all = Vec::new();
        let collect = &mut |key: &[u8], value: &[u8]| {
            all.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        self.0.scan(space, &[], &[0xff; 64], collect).unwrap();
        all
    }

    fn put(&self, space: Space, key: &[u8], value: impl Into<Bytes>) {
        self.0.write(&[Write::Put(space, key.to_vec(), value.into())]).unwrap();
    }

    fn delete(&self, space: Space, key: &[u8]) {
        self.0.write(&[Write::Delete(space, key.to_vec())]).unwrap();
    }

    /// The name record of a key of database 0.
    fn name(&self, name: &[u8]) -> (Vec<u8>, NameRecord) {
        let mut all = self.all(Space::Names).into_iter();
        let (key, value) = all.find(|(key, _)| key[..4] == [0; 4] && key.ends_with(name)).unwrap();
        (key, NameRecord::decode(&value).unwrap())
    }

    fn value_key(&self, name: &[u8]) -> Vec<u8> {
        keys::value(0, self.name(name).1.uid)
    }

    /// Changes a record of a key.
    fn edit(&self, space: Space, name: &[u8], edit: impl Fn(&mut Vec<u8>)) {
        let prefix = self.value_key(name);
        let at = if space == Space::Chunks { 8..16 } else { 4..12 };
        let mut all = self.all(space).into_iter();
        let (key, mut value) = all.find(|(key, _)| key[at.clone()] == prefix[4..]).unwrap();
        edit(&mut value);
        self.put(space, &key, value);
    }

    fn check(&self) -> Report {
        let mut report = Report::default();
        check_records(&self.0, &Default::default(), &mut report);
        report
    }
}

/// Breaks the records of a sound store; the first finding must be this one, about `name`.
fn is_found(name: &str, kind: Kind, text: &str, damage: impl Fn(&Records)) {
    let records = Records::written();
    damage(&records);
    let report = records.check();
    let hit = report.findings.iter().find(|finding| finding.kind == kind && finding.text.contains(text));
    let hit = hit.unwrap_or_else(|| panic!("no {kind:?} {text:?} in {:?}", report.findings));
    match &hit.place {
        Place::Key { db: 0, name: found } => assert_eq!(&found[..], name.as_bytes()),
        place => assert_eq!(name, "", "{place}"),
    }
    let strings = report.looked.keys[0];
    assert!(strings > 0 || matches!(kind, Kind::Meta), "the rest is looked at all the same: {:?}", report.looked);
}

#[test]
fn a_sound_store_is_counted_and_nothing_is_found() {
    let report = Records::written().check();
    assert_eq!((&report.findings, &report.notes), (&vec![], &vec![]));
    let looked = report.looked;
    assert_eq!((looked.keys, looked.elements), ([2, 1, 1, 1, 1, 1], 6));
    assert_eq!((looked.entries, looked.groups, looked.consumers), (ENTRIES - 1, 1, 1));
    assert_eq!((looked.pending, looked.idempotent), (9, 1));
    assert!(looked.chunks >= 3);
}

#[test]
fn names_and_values() {
    is_found("string", Kind::Value, "is missing", |r| r.delete(Space::Values, &r.value_key(b"string")));
    is_found("hash", Kind::Value, "version 9", |r| r.put(Space::Values, &r.value_key(b"hash"), vec![9]));
    is_found("set", Kind::Value, "record ends early", |r| {
        r.edit(Space::Values, b"set", |bytes| bytes.truncate(bytes.len() - 1))
    });
    is_found("list", Kind::Value, "holds nothing", |r| r.edit(Space::Values, b"list", |bytes| bytes.truncate(2)));
    is_found("list", Kind::Name, "kind 77", |r| {
        r.put(Space::Names, &r.name(b"list").0, vec![1, 77, 1, 0]);
    });
    is_found("list", Kind::Name, "not as it is written", |r| {
        let (key, record) = r.name(b"list");
        r.put(Space::Names, &key, [&record.encode()[..], &[0]].concat());
    });
    is_found("list", Kind::Name, "where nobody looks", |r| {
        let (key, record) = r.name(b"list");
        r.delete(Space::Names, &key);
        r.put(Space::Names, &keys::name(0, 77, b"list"), record.encode());
    });
    is_found("list", Kind::Name, "never given out", |r| {
        let (key, record) = r.name(b"list");
        r.put(Space::Names, &key, NameRecord { uid: 999, ..record }.encode());
    });
    is_found("list", Kind::Name, "beyond all time", |r| {
        let (key, record) = r.name(b"list");
        r.put(Space::Names, &key, NameRecord { deadline_ms: Some(u64::MAX), ..record }.encode());
    });
    is_found("", Kind::Name, "malformed key", |r| r.put(Space::Names, &[0; 9], vec![1]));
    is_found("", Kind::Name, "two names", |r| {
        let (key, record) = r.name(b"list");
        r.put(Space::Names, &key, NameRecord { uid: r.name(b"hash").1.uid, ..record }.encode());
    });
}

#[test]
fn what_belongs_to_nobody() {
    is_found("", Kind::Orphan, "Values: no name", |r| r.put(Space::Values, &keys::value(0, 12345), vec![]));
    is_found("", Kind::Orphan, "Index: no name", |r| r.put(Space::Index, &keys::page(0, 12345, 0), vec![]));
    is_found("", Kind::Orphan, "Pending: no name", |r| {
        // Only streams have pending entries.
        r.put(Space::Pending, &keys::pending(0, r.name(b"hash").1.uid, 1, id(1)), vec![]);
    });
    is_found("", Kind::Orphan, "Values: no name", |r| r.delete(Space::Names, &r.name(b"sorted").0));
    is_found("", Kind::Orphan, "the indexes refer to", |r| {
        let (key, value) = r.all(Space::Chunks).remove(0);
        let behind = [&key[..16], &[0xff; 16]].concat();
        r.put(Space::Chunks, &behind, value);
    });
    let records = Records::written();
    records.put(Space::Chunks, &keys::chunk(1000, 0, 1, id(1)), vec![]);
    records.put(Space::Values, &keys::value(700, 1), vec![]);
    let report = records.check();
    assert!(report.is_sound() && report.notes.len() == 2, "what a crash leaves is no damage: {report:?}");
}

#[test]
fn facts_about_the_store() {
    let meta = |r: &Records, edit: &dyn Fn(&mut Vec<u8>)| {
        let (key, mut value) = r.all(Space::Meta).into_iter().find(|(key, _)| key == b"meta").unwrap();
        edit(&mut value);
        r.put(Space::Meta, &key, value);
    };
    is_found("", Kind::Meta, "version 9", |r| meta(r, &|bytes| bytes[0] = 9));
    is_found("", Kind::Meta, "no record of the store", |r| r.delete(Space::Meta, b"meta"));
    is_found("", Kind::Meta, "another one does", |r| meta(r, &|bytes| *bytes.last_mut().unwrap() = 0));
    is_found("", Kind::Meta, "the account of epochs", |r| r.put(Space::Meta, b"epochs", vec![1]));
    is_found("", Kind::Count, "while they are needed", |r| r.put(Space::Meta, b"epochs", vec![]));
}

#[test]
fn headers_and_indexes() {
    let header = |r: &Records, at: usize, byte: u8| r.edit(Space::Values, b"stream", |bytes| bytes[at] = byte);
    is_found("stream", Kind::Header, "version 7", |r| header(r, 0, 7));
    is_found("stream", Kind::Count, "the last id is 2-0", |r| header(r, 1, 2));
    is_found("stream", Kind::Count, "the largest deleted id is 99-0", |r| header(r, 3, 99));
    is_found("stream", Kind::Count, "only 9 entries were ever added", |r| header(r, 5, 9));
    is_found("stream", Kind::Count, "its length is 58", |r| header(r, 6, 58));
    is_found("stream", Kind::Count, "the first entry is 1-0", |r| header(r, 7, 0));
    is_found("stream", Kind::Index, "expected Some(1)", |r| header(r, 9, 1));
    is_found("stream", Kind::Index, "the header says 9", |r| header(r, 10, 9));
    is_found("stream", Kind::Header, "behind its end", |r| r.edit(Space::Values, b"stream", |bytes| bytes.push(0)));
    is_found("stream", Kind::Index, "0 chunks", |r| r.delete(Space::Index, &r.all(Space::Index)[0].0));
    is_found("stream", Kind::Index, "unknown version", |r| r.edit(Space::Index, b"stream", |bytes| bytes[0] = 7));
    is_found("stream", Kind::Index, "record ends early", |r| {
        r.edit(Space::Index, b"stream", |bytes| bytes.truncate(bytes.len() - 1))
    });
    // version, ordinal, base, live
    is_found("stream", Kind::Count, "14 are counted", |r| r.edit(Space::Index, b"stream", |bytes| bytes[4] = 14));
    is_found("stream", Kind::Index, "malformed key", |r| {
        r.put(Space::Index, &[&r.value_key(b"stream")[..], &[1]].concat(), vec![1]);
    });
}

#[test]
fn chunks_and_their_entries() {
    is_found("stream", Kind::Chunk, "is missing", |r| r.delete(Space::Chunks, &r.all(Space::Chunks)[1].0));
    is_found("stream", Kind::Chunk, "unreadable entry", |r| {
        r.edit(Space::Chunks, b"stream", |bytes| bytes.truncate(bytes.len() - 1))
    });
    is_found("stream", Kind::Chunk, "bytes, the index says", |r| {
        r.edit(Space::Chunks, b"stream", |bytes| bytes.push(0))
    });
    // length (two bytes), flags, milliseconds, sequence, pairs
    is_found("stream", Kind::Chunk, "not in its place", |r| r.edit(Space::Chunks, b"stream", |bytes| bytes[3] = 9));
    is_found("stream", Kind::Count, "live entries", |r| r.edit(Space::Chunks, b"stream", |bytes| bytes[2] ^= 1));
    is_found("stream", Kind::Chunk, "do not fill it", |r| r.edit(Space::Chunks, b"stream", |bytes| bytes[5] = 2));
    is_found("stream", Kind::Chunk, "not in its place", |r| {
        let chunks = r.all(Space::Chunks);
        r.put(Space::Chunks, &chunks[0].0, chunks[1].1.clone());
        r.edit(Space::Chunks, b"stream", |bytes| bytes[3] = 9);
    });
}

#[test]
fn groups_and_what_is_pending() {
    let pending = |r: &Records, group: u32, ms: u64| keys::pending(0, r.name(b"stream").1.uid, group, id(ms));
    is_found("stream", Kind::Pending, "in group 2", |r| r.put(Space::Pending, &pending(r, 2, 1), vec![1, 14, 2, 0]));
    is_found("stream", Kind::Pending, "for consumer 5", |r| {
        r.put(Space::Pending, &pending(r, 1, 1), vec![5, 14, 2, 0])
    });
    is_found("stream", Kind::Pending, "record ends early", |r| r.put(Space::Pending, &pending(r, 1, 1), vec![1, 14]));
    is_found("stream", Kind::Pending, "behind the end", |r| {
        r.put(Space::Pending, &pending(r, 1, 1), vec![1, 14, 2, 0, 0]);
    });
    is_found("stream", Kind::Pending, "one place", |r| r.put(Space::Pending, &pending(r, 1, 1), vec![1, 14, 2, 1]));
    is_found("stream", Kind::Pending, "never given out", |r| {
        let mut record = vec![1, 14, 2];
        crate::varint::write(&mut record, u64::MAX);
        r.put(Space::Pending, &pending(r, 1, 1), record);
    });
    is_found("stream", Kind::Pending, "malformed key", |r| {
        r.put(Space::Pending, &[&pending(r, 1, 1)[..], &[0]].concat(), vec![1, 14, 2, 0]);
    });
    let records = Records::of(|store| {
        fill(store);
        let key = store.find(0, b"stream").unwrap().unwrap();
        store.change(key, &Effect::GroupCursor { group: 1, last: id(20), read: None, passed: 7 });
    });
    let report = records.check();
    assert_eq!(report.findings.len(), 1, "{report:?}");
    assert!(report.findings[0].text.contains("has 19 entries up to its cursor 20-0, 7 are counted"), "{report:?}");
}

/// Whatever a record holds: no panic, and every key after it is looked at.
#[test]
fn any_damage_to_any_record_is_survived() {
    let keys = Records::written().check().looked.keys.iter().sum::<u64>();
    for space in Space::ALL.into_iter().filter(|space| *space != Space::Meta) {
        for (key, value) in Records::written().all(space) {
            for at in (0..value.len()).step_by(1 + value.len() / 40) {
                let records = Records::written();
                let mut damaged = value.clone();
                damaged[at] ^= 1 << (at % 8);
                records.put(space, &key, damaged);
                records.put(space, &[&key[..], &[0]].concat(), value[..at].to_vec());
                let report = records.check();
                let looked: u64 = report.looked.keys.iter().sum();
                assert!(looked + 1 >= keys, "{space:?} {key:?} {at}: {report:?}");
            }
        }
    }
}
