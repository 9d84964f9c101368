//! Reads a store's whole visible state back in the words of the model, and checks on the way what must agree within it.

use super::model::{Group, Idmp, Name, Object, Stream, Value};
use crate::id::StreamId;
use crate::keyspace::object::{self, Object as Stored};
use crate::stream::group::Group as StoredGroup;
use crate::stream::idempotency::Idempotency;
use crate::stream::log::{Cold, IdRange};
use crate::stream::pending::NOBODY;
use crate::stream::{self};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

const ALL: IdRange = IdRange { start: StreamId::MIN, end: StreamId::MAX };

/// One object, or the chunks that are needed to see it.
pub fn object(stored: &Stored) -> Result<Object, Cold> {
    let value = match &stored.value {
        object::Value::Str(bytes) => Value::Str(bytes.to_vec()),
        object::Value::Stream(stream) => Value::Stream(stream_of(stream)?),
        object::Value::Hash(hash) => {
            let fields = hash.fields().iter();
            Value::Hash(fields.map(|(name, f)| (name.to_vec(), (f.value.to_vec(), f.deadline_ms))).collect())
        }
        object::Value::List(list) => Value::List(list.elements().iter().map(|e| e.to_vec()).collect()),
        object::Value::Set(set) => Value::Set(set.iter().map(|m| m.to_vec()).collect()),
        object::Value::SortedSet(set) => {
            Value::SortedSet(set.order().from(0).map(|(score, m)| (m.to_vec(), score.to_bits())).collect())
        }
    };
    Ok(Object { deadline_ms: stored.deadline_ms, token: None, value })
}

fn stream_of(stored: &stream::Stream) -> Result<Stream, Cold> {
    let entries = entries(stored)?;
    let groups: BTreeMap<Name, Group> =
        stored.groups().map(|(name, g)| (name.to_vec(), group(stored, g, &entries))).collect();
    Ok(Stream {
        last: stored.last_id,
        max_deleted: stored.max_deleted,
        added: stored.entries_added,
        entries,
        groups,
        next_group: stored.next_group(),
        idmp: stored.idempotency.as_deref().map(idmp),
    })
}

fn entries(stored: &stream::Stream) -> Result<BTreeMap<StreamId, u64>, Cold> {
    let up = stored.log.range(ALL, usize::MAX)?;
    let mut down = stored.log.range_back(ALL, usize::MAX)?;
    down.reverse();
    assert_eq!(up, down, "the two directions agree");
    let entries: BTreeMap<StreamId, u64> = up.iter().map(|e| (e.id, xxh3_64(e.fields.packed()))).collect();
    assert_eq!(entries.len(), up.len(), "ids are unique");
    assert_eq!(stored.len(), entries.len() as u64, "length");
    assert_eq!(stored.log.first_id(), entries.keys().next().copied().unwrap_or_default(), "first id");
    assert_eq!(stored.log.last()?.map(|e| e.id), entries.keys().last().copied(), "last entry");
    for (n, id) in entries.keys().enumerate().step_by(7) {
        assert_eq!(stored.log.rank(*id)?, n as u64 + 1, "rank of {id}");
        assert_eq!(stored.log.nth(n as u64)?, Some(*id), "entry {n}");
    }
    Ok(entries)
}

fn group(stream: &stream::Stream, stored: &StoredGroup, entries: &BTreeMap<StreamId, u64>) -> Group {
    let passed = entries.range(..=stored.last_delivered).count() as u64;
    assert_eq!(stored.passed, passed, "passed of group {} at {}", stored.number, stored.last_delivered);
    assert_eq!(stream.lag(stored), entries.len() as u64 - passed, "lag");
    let list = &stored.pending;
    let pending: BTreeMap<StreamId, (u32, i64, i64)> =
        list.iter().map(|(id, p)| (id, (p.consumer, p.delivered_ms, p.deliveries))).collect();
    assert_eq!(list.len(), pending.len());
    let ends = |(first, _): (&StreamId, _)| (*first, *pending.keys().last().unwrap());
    assert_eq!(list.bounds(), pending.first_key_value().map(ends));
    let numbers = stored.consumers().map(|(number, _)| number).chain([NOBODY]);
    let mut owned = 0;
    for number in numbers {
        let ids: Vec<StreamId> = pending.iter().filter(|(_, p)| p.0 == number).map(|(id, _)| *id).collect();
        assert_eq!(list.count_of(number), ids.len());
        owned += ids.len();
        assert_eq!(list.of_consumer(number, StreamId::MIN, StreamId::MAX).collect::<Vec<_>>(), ids);
    }
    assert_eq!(owned, pending.len(), "every pending entry has an owner that exists");
    let by_time = list.released(i64::MAX).chain(list.delivered_until(i64::MAX));
    let due: Vec<StreamId> = by_time.map(|(id, _)| id).collect();
    let consumers = stored.consumers().map(|(n, c)| (n, (c.name.to_vec(), c.seen_ms, c.active_ms))).collect();
    Group {
        number: stored.number,
        last: stored.last_delivered,
        read: stored.entries_read,
        consumers,
        next_consumer: stored.next_consumer(),
        pending,
        due,
    }
}

fn idmp(stored: &Idempotency) -> Idmp {
    let mut producers: BTreeMap<Name, std::collections::VecDeque<(Name, StreamId)>> = BTreeMap::new();
    for (producer, iid, id) in stored.iter() {
        producers.entry(producer.to_vec()).or_default().push_back((iid.to_vec(), id));
    }
    Idmp {
        duration_s: stored.duration_s,
        max_size: stored.max_size,
        added: stored.added,
        duplicates: stored.duplicates,
        producers,
    }
}
