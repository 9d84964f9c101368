//! A stream's header record: everything but its sealed chunks, their index pages and its pending entries.
//!
//! ```text
//! [version][last id][max deleted][entries added][length][first][first ordinal][sealed chunks][node fill]
//! [open base][open live][open bytes][next group][groups][idempotency]
//! ```
//! ## Changing it
//! Raise [`VERSION`], keep the old reader under its number, add a case to [`read`].

use super::Stream;
use super::group::{Consumer, Group};
use super::idempotency::Idempotency;
use super::log::{ChunkRef, Log, NodeFill, OpenChunk, PAGE};
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};

const VERSION: u8 = 1;
/// No chunk has a higher ordinal: they are counted.
const LAST: u64 = i64::MAX as u64;

/// Encodes the header of `stream`.
pub fn write(stream: &Stream) -> Vec<u8> {
    let log = &stream.log;
    let mut out = Vec::with_capacity(log.open.bytes.len() + 128);
    out.push(VERSION);
    out.put_id(stream.last_id);
    out.put_id(stream.max_deleted);
    out.put_num(stream.entries_added);
    out.put_num(log.length);
    out.put_id(log.first);
    out.put_num(log.first_ordinal);
    out.put_num(log.sealed.len() as u64);
    out.put_num(u64::from(log.node.entries));
    out.put_num(u64::from(log.node.bytes));
    out.put_id(log.open.base);
    out.put_num(u64::from(log.open.live));
    out.put_bytes(&log.open.bytes);
    out.put_num(u64::from(stream.next_group));
    out.put_num(stream.groups.len() as u64);
    for (name, number) in &stream.group_names {
        write_group(&mut out, name, &stream.groups[number]);
    }
    write_idempotency(&mut out, stream.idempotency.as_deref());
    out
}

fn write_group(out: &mut Vec<u8>, name: &[u8], group: &Group) {
    out.put_bytes(name);
    out.put_num(u64::from(group.number));
    out.put_id(group.last_delivered);
    out.put_option(group.entries_read);
    out.put_num(group.passed);
    out.put_num(u64::from(group.next_consumer()));
    out.put_num(group.consumers().len() as u64);
    for (number, consumer) in group.consumers() {
        out.put_num(u64::from(number));
        out.put_bytes(&consumer.name);
        out.put_signed(consumer.seen_ms);
        out.put_signed(consumer.active_ms);
    }
}

fn write_idempotency(out: &mut Vec<u8>, state: Option<&Idempotency>) {
    let Some(state) = state else { return out.push(0) };
    out.push(1);
    for n in [state.duration_s, state.max_size, state.added, state.duplicates, state.ids() as u64] {
        out.put_num(n);
    }
    for (producer, iid, id) in state.iter() {
        out.put_bytes(producer);
        out.put_bytes(iid);
        out.put_id(id);
    }
}

/// A stream as its header describes it, and how many sealed chunks its index pages must list.
pub fn read(bytes: &[u8]) -> Result<(Stream, u64)> {
    let mut r = Reader::new(bytes, "stream header");
    match r.byte()? {
        VERSION => {}
        other => return Err(StorageError::corrupt("stream header", format!("version {other}"))),
    }
    let (last_id, max_deleted, entries_added) = (r.id()?, r.id()?, r.num()?);
    let (length, first, first_ordinal, sealed) = (r.num()?, r.id()?, r.num()?, r.num()?);
    let node = NodeFill { entries: r.num32()?, bytes: r.num32()? };
    let open = OpenChunk { base: r.id()?, live: r.num32()?, bytes: r.bytes()?.to_vec() };
    if first_ordinal > LAST {
        return Err(StorageError::corrupt("stream header", format!("chunk {first_ordinal} cannot be")));
    }
    let mut log = Log::default();
    (log.open, log.first, log.length, log.first_ordinal, log.node) = (open, first, length, first_ordinal, node);
    let mut stream = Stream { log, last_id, max_deleted, entries_added, ..Stream::default() };
    stream.next_group = r.num32()?;
    for _ in 0..r.num()? {
        read_group(&mut r, &mut stream)?;
    }
    if r.byte()? == 1 {
        stream.idempotency = Some(Box::new(read_idempotency(&mut r)?));
    }
    Ok((stream, sealed))
}

fn read_group(r: &mut Reader<'_>, stream: &mut Stream) -> Result<()> {
    let (name, number) = (r.bytes()?, r.num32()?);
    let mut group = Group::new(number, r.id()?, r.option()?, r.num()?);
    group.set_next_consumer(r.num32()?);
    for _ in 0..r.num()? {
        let number = r.num32()?;
        let consumer = Consumer { name: r.bytes()?.into(), seen_ms: r.signed()?, active_ms: r.signed()? };
        if group.consumer(number).is_some() || group.consumer_number(&consumer.name).is_some() {
            return Err(StorageError::corrupt("stream header", format!("consumer {number} stands there twice")));
        }
        group.add_consumer(number, consumer);
    }
    if stream.groups.contains_key(&number) || stream.group_names.contains_key(name) {
        return Err(StorageError::corrupt("stream header", format!("group {number} stands there twice")));
    }
    stream.add_group(name, group);
    Ok(())
}

fn read_idempotency(r: &mut Reader<'_>) -> Result<Idempotency> {
    let mut state = Idempotency::new(r.num()?, r.num()?);
    let (added, duplicates, ids) = (r.num()?, r.num()?, r.num()?);
    for _ in 0..ids {
        let (producer, iid) = (r.bytes()?, r.bytes()?);
        state.record(producer, iid, r.id()?);
    }
    (state.added, state.duplicates) = (added, duplicates);
    Ok(state)
}

/// Encodes index page `page`, or `None` when no chunk of it is left.
pub fn write_page(log: &Log, page: u64) -> Option<Vec<u8>> {
    let end = log.first_ordinal + log.sealed.len() as u64;
    let ordinals = (page * PAGE).max(log.first_ordinal)..((page + 1) * PAGE).min(end);
    if ordinals.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(16 * (ordinals.end - ordinals.start) as usize);
    out.push(VERSION);
    for ordinal in ordinals {
        let c = &log.sealed[(ordinal - log.first_ordinal) as usize];
        out.put_num(ordinal);
        out.put_id(c.base);
        out.put_num(u64::from(c.live));
        out.put_num(u64::from(c.len));
        out.put_num(u64::from(c.epoch));
    }
    Some(out)
}

/// Adds the chunks that an index page lists; pages must come in ascending order.
pub fn read_page(log: &mut Log, bytes: &[u8]) -> Result<()> {
    let mut r = Reader::new(bytes, "stream index");
    if r.byte()? != VERSION {
        return Err(StorageError::corrupt("stream index", "unknown version"));
    }
    let mut page = None;
    while !r.is_empty() {
        let ordinal = r.num()?;
        let chunk = ChunkRef::new(r.id()?, r.num32()?, r.num32()?, r.num32()?);
        let expected = log.first_ordinal.checked_add(log.sealed.len() as u64);
        let is_elsewhere = page.replace(ordinal / PAGE).is_some_and(|page| page != ordinal / PAGE);
        if expected != Some(ordinal) || ordinal > LAST || is_elsewhere {
            return Err(StorageError::corrupt("stream index", format!("chunk {ordinal}, expected {expected:?}")));
        }
        log.sealed.push_back(chunk);
    }
    Ok(())
}
