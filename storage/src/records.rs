//! Every kind of record that is stored, read from any bytes and written again: the one door for those who ask whether a
//! decoder holds (the fuzzer). Nobody else has a use for it.
//!
//! Must never know: where records are, what they are for.

use crate::StreamId;
use crate::backup::manifest::Manifest;
use crate::batch;
use crate::checkpoint::{Meta, decode_uses, encode_uses};
use crate::error::{Result, StorageError};
use crate::journal::{Mark, record, segment};
use crate::keyspace::object::{Kind, Object, Value};
use crate::load::{NameRecord, decode_pending, encode_pending};
use crate::store::Rules;
use crate::stream::log::Log;
use crate::stream::{chunk, header};
use crate::watermark;
use bytes::Bytes;
use xxhash_rust::xxh3::xxh3_128;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as they are everywhere")]
pub enum Record {
    Name,
    Meta,
    Epochs,
    Stream,
    Index,
    Pending,
    Hash,
    List,
    Set,
    SortedSet,
    Chunk,
    Journal,
    Segment,
    Watermark,
    Manifest,
    Batch,
    Rules,
}

impl Record {
    /// All of them.
    pub const ALL: [Record; 17] = [
        Record::Name,
        Record::Meta,
        Record::Epochs,
        Record::Stream,
        Record::Index,
        Record::Pending,
        Record::Hash,
        Record::List,
        Record::Set,
        Record::SortedSet,
        Record::Chunk,
        Record::Journal,
        Record::Segment,
        Record::Watermark,
        Record::Manifest,
        Record::Batch,
        Record::Rules,
    ];
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    /// All that it says, in a form that does not depend on how it is written.
    pub says: String,
    /// The record as this program writes it.
    pub bytes: Vec<u8>,
    /// Bytes of memory that it takes, about.
    pub memory: usize,
}

/// Reads a record.
///
/// # Errors
/// The bytes are no such record.
pub fn read(record: Record, bytes: &[u8]) -> Result<Seen> {
    let elements = |kind| Value::read(kind, bytes).map(seen_elements);
    match record {
        Record::Name => NameRecord::decode(bytes).map(|name| seen(&name, name.encode())),
        Record::Meta => Meta::decode(bytes).map(|meta| seen(&meta, meta.encode())),
        Record::Epochs => decode_uses(bytes).map(|uses| seen(&uses, encode_uses(&uses))),
        Record::Pending => decode_pending(bytes).map(|pending| seen(&pending, encode_pending(&pending))),
        Record::Stream => seen_stream(bytes),
        Record::Index => seen_page(bytes),
        Record::Hash => elements(Kind::Hash),
        Record::List => elements(Kind::List),
        Record::Set => elements(Kind::Set),
        Record::SortedSet => elements(Kind::SortedSet),
        Record::Chunk => seen_chunk(bytes),
        Record::Journal => seen_in_journal(bytes),
        Record::Segment => {
            let header = segment::Header::decode(bytes)?.ok_or_else(|| none("segment"))?;
            Ok(seen(&header, header.encode().to_vec()))
        }
        Record::Watermark => {
            let mark = watermark::decode(bytes, 0).ok_or_else(|| none("watermark"))?;
            Ok(seen(&mark, watermark::encode(mark).to_vec()))
        }
        Record::Manifest => {
            let text = str::from_utf8(bytes).map_err(|_| none("manifest"))?;
            Manifest::decode(text).map(|manifest| seen(&manifest, manifest.encode().into_bytes()))
        }
        Record::Rules => Rules::decode(bytes).map(|rules| seen(&rules, rules.encode())),
        Record::Batch => seen_batch(bytes),
    }
}

/// The bytes with the checksum that stands in such a record, if one does: without it a decoder looks no further.
pub fn signed(record: Record, mut bytes: Vec<u8>) -> Vec<u8> {
    match record {
        Record::Manifest => {
            let end = format!("end {:032x}\n", xxh3_128(&bytes));
            bytes.extend_from_slice(end.as_bytes());
        }
        Record::Segment if bytes.len() >= segment::HEADER => segment::sign(&mut bytes),
        Record::Watermark if bytes.len() >= watermark::SLOT => watermark::sign(&mut bytes),
        Record::Journal => {
            let mut whole = Vec::new();
            let length = record::length(&bytes).unwrap_or_default();
            record::encode(&mut whole, Mark::default(), 0, &bytes, length);
            bytes = whole;
        }
        _ => {}
    }
    bytes
}

fn none(what: &'static str) -> StorageError {
    StorageError::corrupt(what, "none")
}

fn seen(says: &impl std::fmt::Debug, bytes: Vec<u8>) -> Seen {
    Seen { says: format!("{says:?}"), memory: 0, bytes }
}

fn seen_elements(value: Value) -> Seen {
    let (says, bytes) = match &value {
        Value::Hash(hash) => {
            let fields: Vec<_> = hash.fields().iter().collect();
            let form = (hash.was_timed(), hash.next_deadline_ms(), hash.fields().is_compact());
            (format!("{form:?} {fields:?}"), hash.write())
        }
        Value::List(list) => (format!("{} {:?}", list.is_compact(), list.elements()), list.write()),
        Value::Set(set) => {
            let members: Vec<Bytes> = set.iter().collect();
            (format!("{} {} {members:?}", set.is_integers(), set.is_compact()), set.write())
        }
        Value::SortedSet(set) => {
            let order: Vec<_> = set.order().from(0).map(|(score, member)| (score.to_bits(), member)).collect();
            (format!("{} {} {order:?}", set.is_compact(), set.by_name()), set.write())
        }
        Value::Str(_) | Value::Stream(_) => (String::new(), Vec::new()),
    };
    let memory = Object::new(b"", 0, 0, value).memory();
    Seen { says, bytes, memory }
}

fn seen_stream(bytes: &[u8]) -> Result<Seen> {
    // Its sealed chunks are in other records: without those it is written as one that has none.
    let (stream, _) = header::read(bytes)?;
    let (log, open) = (&stream.log, &stream.log.open);
    let counts = (stream.last_id, stream.max_deleted, stream.entries_added, log.length, log.first, log.first_ordinal);
    let mut says = format!("{counts:?} {:?} {open:?} {}", log.node, stream.next_group());
    for (name, group) in stream.groups() {
        let cursor = (group.number, group.last_delivered, group.entries_read, group.passed, group.next_consumer());
        let consumers: Vec<_> = group.consumers().collect();
        says.push_str(&format!("{name:?} {cursor:?} {consumers:?}"));
    }
    if let Some(idmp) = &stream.idempotency {
        let limits = (idmp.duration_s, idmp.max_size, idmp.added, idmp.duplicates);
        says.push_str(&format!("{limits:?} {:?}", idmp.iter().collect::<Vec<_>>()));
    }
    let memory = stream.memory();
    let bytes = header::write(&stream);
    Ok(Seen { says, bytes, memory })
}

fn seen_page(bytes: &[u8]) -> Result<Seen> {
    // A page says itself where it begins.
    let first = crate::varint::read(bytes.get(1..).unwrap_or_default()).map_or(0, |(first, _)| first);
    let mut log = Log::default();
    log.first_ordinal = first;
    header::read_page(&mut log, bytes)?;
    let says = format!("{first} {:?}", log.sealed);
    let memory = log.sealed.capacity() * size_of::<crate::stream::log::ChunkRef>();
    let page = first / crate::stream::log::PAGE;
    // One without chunks is never written.
    let bytes = header::write_page(&log, page).ok_or_else(|| none("stream index"))?;
    Ok(Seen { says, bytes, memory })
}

fn seen_chunk(bytes: &[u8]) -> Result<Seen> {
    let base = StreamId::new(1, 0);
    chunk::verify(&Bytes::copy_from_slice(bytes), base, 0)?;
    let (mut says, mut again) = (String::new(), Vec::new());
    let mut deleted = Vec::new();
    for slot in chunk::Slots::new(bytes, base) {
        let packed = slot.fields_in(bytes);
        chunk::push(&mut again, base, slot.id, slot.node_start, packed);
        deleted.extend(slot.deleted.then_some(slot.id));
        let fields = crate::Fields::from_packed(Bytes::copy_from_slice(packed));
        let items: Vec<&[u8]> = fields.iter().collect();
        says.push_str(&format!("{} {} {} {items:?}", slot.id, slot.deleted, slot.node_start));
    }
    for id in deleted {
        chunk::mark_deleted(&mut again, base, id);
    }
    Ok(Seen { says, bytes: again, memory: 0 })
}

fn seen_in_journal(bytes: &[u8]) -> Result<Seen> {
    let found = record::decode(bytes, Mark::default(), 0).ok_or_else(|| none("journal"))?;
    let mut again = Vec::new();
    record::encode(&mut again, Mark::default(), 0, found.payload, record::length(found.payload).unwrap_or_default());
    Ok(seen(&(found.mark, found.payload, found.size), again))
}

fn seen_batch(bytes: &[u8]) -> Result<Seen> {
    let (mut says, mut again) = (String::new(), vec![batch::VERSION]);
    batch::read(bytes, |effect| {
        says.push_str(&format!("{effect:?}"));
        effect.encode(&mut again);
        Ok(())
    })?;
    Ok(Seen { says, bytes: again, memory: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_read() {
        let manifest = signed(Record::Manifest, b"brooklet-backup 1\nformat 1\ncommit 1 2\nat 3\n".to_vec());
        assert!(read(Record::Manifest, &manifest).is_ok());
        assert!(read(Record::Journal, &signed(Record::Journal, b"any".to_vec())).is_ok());
        for (place, record) in Record::ALL.into_iter().enumerate() {
            assert_eq!(record as usize, place);
        }
    }
}
