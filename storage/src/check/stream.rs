//! A stream: its header, its index, its chunks, each against the others. Chunk by chunk, in the order of their ids.
//!
//! One surprising rule: only live entries are compared across chunks. Deleted ones keep their place, and XSETID may have
//! given their ids out again.

use super::groups::Cursors;
use super::{At, Check, Kind};
use crate::backend::Space;
use crate::codec::Put;
use crate::id::StreamId;
use crate::keys;
use crate::load::scan_prefix;
use crate::stream::chunk::Slots;
use crate::stream::log::{ChunkRef, Log, PAGE};
use crate::stream::{Stream, header};
use crate::varint;

/// What was seen of a stream so far.
pub(super) struct Walk {
    /// The first live entry stands here or behind.
    first: StreamId,
    /// Live entries, as the index and the header count them.
    counted: u64,
    /// The first live entry that was met.
    first_live: Option<StreamId>,
    /// The last one.
    last_live: Option<StreamId>,
    last_base: Option<StreamId>,
    /// How far the groups are.
    pub cursors: Cursors,
    /// Every live entry was met: no chunk is missing or unreadable.
    pub whole: bool,
}

impl Walk {
    fn over(stream: &Stream) -> Walk {
        Walk {
            first: stream.log.first,
            counted: 0,
            first_live: None,
            last_live: None,
            last_base: None,
            cursors: Cursors::of(stream),
            whole: true,
        }
    }

    fn live(&mut self, id: StreamId) {
        self.first_live = self.first_live.or(Some(id));
        self.last_live = Some(id);
        self.cursors.entry(id);
    }
}

impl Check<'_> {
    pub(super) fn stream(&mut self, at: At<'_>, bytes: &[u8]) {
        let (stream, sealed) = match header::read(bytes) {
            Ok(read) => read,
            Err(why) => return self.found(Kind::Header, at, why.to_string()),
        };
        if written_length(&stream, sealed) != bytes.len() {
            self.found(
                Kind::Header,
                at,
                "the record is not as it is written: something in it stands there twice, or behind its end",
            );
        }
        let mut walk = Walk::over(&stream);
        let found = self.index(at, &stream.log, &mut walk);
        if found != sealed {
            walk.whole = false;
            self.found(Kind::Index, at, format!("{found} chunks, the header says {sealed}"));
        }
        self.open_chunk(at, &stream.log, &mut walk);
        self.counters(at, &stream, &walk);
        self.groups(at, &stream, walk);
        self.pending(at, &stream);
    }

    /// Walks the pages of the index and the chunks that they list; how many chunks those were.
    fn index(&mut self, at: At<'_>, log: &Log, walk: &mut Walk) -> u64 {
        let backend = self.backend;
        let (mut next, mut found) = (log.first_ordinal, 0);
        let scanned = scan_prefix(backend, Space::Index, keys::value(at.physical, at.uid), |key, page| {
            let Some(number) = page_number(key) else {
                self.found(Kind::Index, at, format!("malformed key {}", key.escape_ascii()));
                return Ok(());
            };
            // A page begins with the first chunk that it may list, and lists without gaps.
            let begins = number.saturating_mul(PAGE).max(log.first_ordinal);
            if begins != next {
                walk.whole = false;
                self.found(Kind::Index, at, format!("page {number} begins at chunk {begins}, expected is {next}"));
            }
            let mut part = Log::default();
            part.first_ordinal = begins;
            if let Err(why) = header::read_page(&mut part, page) {
                walk.whole = false;
                self.found(Kind::Index, at, format!("page {number}: {why}"));
            }
            next = begins + part.sealed.len() as u64;
            if part.sealed.is_empty() || next > number.saturating_add(1).saturating_mul(PAGE) {
                self.found(Kind::Index, at, format!("page {number} lists {} chunks", part.sealed.len()));
            }
            found += part.sealed.len() as u64;
            part.sealed.iter().for_each(|chunk| self.chunk(at, chunk, walk));
            Ok(())
        });
        if let Err(why) = scanned {
            walk.whole = false;
            self.found(Kind::Index, at, why.to_string());
        }
        found
    }

    /// A chunk that the index lists.
    fn chunk(&mut self, at: At<'_>, listed: &ChunkRef, walk: &mut Walk) {
        let base = listed.base;
        if walk.last_base.is_some_and(|last| base <= last) {
            self.found(Kind::Index, at, format!("chunk {base} is not in order"));
        }
        walk.last_base = Some(base);
        walk.counted += u64::from(listed.live);
        if listed.epoch > self.meta.epoch {
            self.found(Kind::Index, at, format!("chunk {base} is of epoch {}, which is not complete", listed.epoch));
        }
        if listed.epoch != 0 {
            *self.referred.entry((listed.epoch, at.physical)).or_default() += 1;
        }
        // What has no live entry has no bytes, unless it was trimmed since.
        if listed.live == 0 {
            return;
        }
        let key = keys::chunk(listed.epoch, at.physical, at.uid, base);
        match self.backend.get(Space::Chunks, &key) {
            Ok(Some(bytes)) => {
                self.report.looked.chunks += 1;
                if bytes.len() != listed.len as usize {
                    let text = format!("chunk {base} has {} bytes, the index says {}", bytes.len(), listed.len);
                    self.found(Kind::Chunk, at, text);
                }
                self.entries(at, base, listed.live, &bytes, walk);
            }
            Ok(None) => {
                walk.whole = false;
                self.found(Kind::Chunk, at, format!("chunk {base} of epoch {} is missing", listed.epoch));
            }
            Err(why) => {
                walk.whole = false;
                self.found(Kind::Chunk, at, format!("chunk {base} of epoch {}: {why}", listed.epoch));
            }
        }
    }

    fn open_chunk(&mut self, at: At<'_>, log: &Log, walk: &mut Walk) {
        let open = &log.open;
        walk.counted += u64::from(open.live);
        if open.bytes.is_empty() {
            if open.live > 0 {
                self.found(
                    Kind::Count,
                    at,
                    format!("the open chunk is empty, the header says {} live entries", open.live),
                );
            }
            return;
        }
        if walk.last_base.is_some_and(|last| open.base <= last) {
            self.found(Kind::Index, at, format!("the open chunk {} is not in order", open.base));
        }
        self.entries(at, open.base, open.live, &open.bytes, walk);
    }

    /// The entries of one chunk: every byte belongs to one, ids rise, as many are live as was said.
    fn entries(&mut self, at: At<'_>, base: StreamId, live: u32, bytes: &[u8], walk: &mut Walk) {
        let (mut last, mut found): (Option<StreamId>, u32) = (None, 0);
        let mut slots = Slots::new(bytes, base);
        for slot in slots.by_ref() {
            if last.map_or(slot.id != base, |last| slot.id <= last) {
                self.found(Kind::Chunk, at, format!("chunk {base}: entry {} is not in its place", slot.id));
            }
            last = Some(slot.id);
            if !are_fields(slot.fields_in(bytes)) {
                self.found(Kind::Chunk, at, format!("chunk {base}: the fields of entry {} do not fill it", slot.id));
            }
            if slot.deleted || slot.id < walk.first {
                continue;
            }
            found += 1;
            if walk.last_live.is_some_and(|last| slot.id <= last) {
                self.found(Kind::Chunk, at, format!("chunk {base}: entry {} stands behind a later one", slot.id));
            }
            walk.live(slot.id);
        }
        self.report.looked.entries += u64::from(found);
        if slots.offset() != bytes.len() {
            walk.whole = false;
            self.found(Kind::Chunk, at, format!("chunk {base}: unreadable entry at byte {}", slots.offset()));
        }
        if found != live {
            self.found(Kind::Count, at, format!("chunk {base} has {found} live entries, {live} are counted"));
        }
    }

    /// The numbers in the header against what was met.
    fn counters(&mut self, at: At<'_>, stream: &Stream, walk: &Walk) {
        let log = &stream.log;
        if walk.counted != log.length {
            self.found(Kind::Count, at, format!("its length is {}, its chunks hold {}", log.length, walk.counted));
        }
        if stream.entries_added < log.length {
            let text =
                format!("its length is {}, but only {} entries were ever added", log.length, stream.entries_added);
            self.found(Kind::Count, at, text);
        }
        if stream.max_deleted > stream.last_id {
            let text = format!("the largest deleted id is {}, the last id only {}", stream.max_deleted, stream.last_id);
            self.found(Kind::Count, at, text);
        }
        if let Some(last) = walk.last_live.filter(|last| *last > stream.last_id) {
            self.found(Kind::Count, at, format!("the last id is {}, but there is entry {last}", stream.last_id));
        }
        if let Some(first) = walk.first_live.filter(|first| walk.whole && *first != log.first) {
            self.found(Kind::Count, at, format!("the first entry is {first}, the header says {}", log.first));
        }
    }
}

/// How long the header of this stream is when it is written with so many sealed chunks. (Read back, it lists none.)
fn written_length(stream: &Stream, sealed: u64) -> usize {
    let number = |n: u64| {
        let mut out = Vec::new();
        out.put_num(n);
        out.len()
    };
    header::write(stream).len() - number(0) + number(sealed)
}

fn page_number(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(12..)?.try_into().ok()?))
}

/// Whether the bytes are packed fields and nothing else.
fn are_fields(packed: &[u8]) -> bool {
    let Some((pairs, used)) = varint::read(packed) else { return false };
    let Some(items) = pairs.checked_mul(2) else { return false };
    let mut rest = &packed[used..];
    for _ in 0..items {
        let item = varint::read(rest).and_then(|(len, used)| rest.get(used.checked_add(usize::try_from(len).ok()?)?..));
        match item {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}
