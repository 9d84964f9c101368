//! A long reply as bytes, one slice after the other, so that whoever sends it can let others have their turn in between.
//!
//! Owns: where in the reply the next slice begins. Its bytes are those of `encode.rs`, in the same order. Must never
//! know: sockets, how much of it may wait to be sent. Read next: `server/outbox.rs`.

use super::encode::{Encoder, Protocol};
use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::log::Selection;
use bytes::Bytes;
use std::cell::Cell;
use std::vec::IntoIter;

/// A slice has about so many bytes. A shorter reply is no long one.
pub const SLICE_BYTES: usize = 64 << 10;

/// A list of so many items is not measured any further: it is long.
const MANY: usize = 2048;

/// What an item counts beside its own bytes.
const ITEM_BYTES: usize = 16;

/// A reply that is not encoded to its end.
#[derive(Debug)]
pub struct Sliced {
    resp3: bool,
    /// What is open, the innermost last.
    open: Vec<Part>,
    /// Bytes that are not encoded, about, once somebody asked.
    left: Cell<Option<usize>>,
}

#[derive(Debug)]
enum Part {
    One(Reply),
    Items(IntoIter<Reply>),
    /// Each pair is a list of its own.
    Tuples(IntoIter<(Reply, Reply)>),
    Pairs(IntoIter<(Reply, Reply)>),
    /// Entries, and how many were promised.
    Entries(Box<Selection>, u64),
    Text(Bytes),
}

impl Sliced {
    /// Whether a reply takes more than one slice.
    #[inline]
    pub fn is_worth(reply: &Reply) -> bool {
        match reply {
            Reply::Id(_) | Reply::Integer(_) | Reply::Null | Reply::Status(_) => false,
            Reply::Bulk(bytes) => bytes.len() > SLICE_BYTES,
            other => weight(other, MANY) > SLICE_BYTES,
        }
    }

    /// A reply of which nothing is encoded yet.
    pub fn new(reply: Reply, protocol: Protocol) -> Sliced {
        Sliced { resp3: protocol == Protocol::Resp3, open: vec![Part::One(reply)], left: Cell::new(None) }
    }

    /// Bytes that are not encoded yet, about.
    pub fn left(&self) -> usize {
        let left = self.left.get().unwrap_or_else(|| self.open.iter().map(Part::weight).fold(0, usize::saturating_add));
        self.left.set(Some(left));
        left
    }

    /// Appends about `bytes` bytes; whether there is more.
    pub fn pour(&mut self, bytes: usize, out: &mut Vec<u8>) -> bool {
        let before = out.len();
        let more = self.pour_to(before.saturating_add(bytes), out);
        self.left.set(self.left.get().map(|left| left.saturating_sub(out.len() - before)));
        more
    }

    fn pour_to(&mut self, enough: usize, out: &mut Vec<u8>) -> bool {
        while out.len() < enough {
            let Some(part) = self.open.pop() else { return false };
            self.go_on(part, enough - out.len(), out);
        }
        !self.open.is_empty()
    }

    /// Takes the next step in a part, and puts the part back if it has more.
    fn go_on(&mut self, part: Part, room: usize, out: &mut Vec<u8>) {
        match part {
            Part::One(reply) => self.begin(reply, out),
            Part::Items(mut items) => {
                if let Some(item) = items.next() {
                    self.open.push(Part::Items(items));
                    self.begin(item, out);
                }
            }
            Part::Tuples(mut pairs) => {
                if let Some((first, second)) = pairs.next() {
                    self.encoder(out).header(b'*', 2);
                    self.open.extend([Part::Tuples(pairs), Part::One(second)]);
                    self.begin(first, out);
                }
            }
            Part::Pairs(mut pairs) => {
                if let Some((key, value)) = pairs.next() {
                    self.open.extend([Part::Pairs(pairs), Part::One(value)]);
                    self.begin(key, out);
                }
            }
            Part::Entries(selection, promised) => self.entries(selection, promised, out),
            Part::Text(mut text) => {
                out.extend_from_slice(&text.split_to(room.min(text.len())));
                match text.is_empty() {
                    true => out.extend_from_slice(b"\r\n"),
                    false => self.open.push(Part::Text(text)),
                }
            }
        }
    }

    /// The entries of one chunk. The header before them has said how many follow, so that many do, whatever a damaged
    /// chunk holds.
    fn entries(&mut self, mut selection: Box<Selection>, mut promised: u64, out: &mut Vec<u8>) {
        let entries = selection.next_entries();
        let mut encoder = self.encoder(out);
        if entries.is_empty() {
            (0..promised).for_each(|_| encoder.reply(&Reply::NullArray));
            return;
        }
        for entry in entries.into_iter().take(usize::try_from(promised).unwrap_or(usize::MAX)) {
            encoder.entry(&EntryReply { id: entry.id, fields: Some(entry.fields), redelivery: None });
            promised -= 1;
        }
        if promised > 0 {
            self.open.push(Part::Entries(selection, promised));
        }
    }

    /// Opens what is long, and encodes what is not.
    fn begin(&mut self, reply: Reply, out: &mut Vec<u8>) {
        if !Sliced::is_worth(&reply) {
            return self.encoder(out).reply(&reply);
        }
        let resp3 = self.resp3;
        let mut encoder = self.encoder(out);
        let part = match reply {
            Reply::Array(items) => encoder.list_of(b'*', items),
            Reply::Set(items) => encoder.list_of(b'~', items),
            Reply::Push(items) => encoder.list_of(b'>', items),
            Reply::Pairs(pairs) => {
                encoder.header(if resp3 { b'%' } else { b'*' }, pairs.len());
                if resp3 { Part::Pairs(pairs.into_iter()) } else { Part::Tuples(pairs.into_iter()) }
            }
            Reply::Tuples(pairs) => {
                encoder.header(b'*', if resp3 { pairs.len() } else { pairs.len() * 2 });
                if resp3 { Part::Tuples(pairs.into_iter()) } else { Part::Pairs(pairs.into_iter()) }
            }
            Reply::Map(pairs) => {
                encoder.map_header(pairs.len());
                Part::Pairs(pairs.into_iter())
            }
            Reply::Entries(selection) => {
                let promised = selection.len();
                encoder.header(b'*', usize::try_from(promised).unwrap_or(usize::MAX));
                Part::Entries(selection, promised)
            }
            Reply::Bulk(text) => {
                encoder.header(b'$', text.len());
                Part::Text(text)
            }
            other => return encoder.reply(&other),
        };
        self.open.push(part);
    }

    fn encoder<'a>(&self, out: &'a mut Vec<u8>) -> Encoder<'a> {
        Encoder { out, resp3: self.resp3 }
    }
}

impl Part {
    fn weight(&self) -> usize {
        let pair = |(key, value): &(Reply, Reply)| weight(key, usize::MAX).saturating_add(weight(value, usize::MAX));
        match self {
            Part::One(reply) => weight(reply, usize::MAX),
            Part::Items(items) => of_all(items.as_slice(), usize::MAX, |item| weight(item, usize::MAX)),
            Part::Tuples(pairs) | Part::Pairs(pairs) => of_all(pairs.as_slice(), usize::MAX, pair),
            Part::Entries(selection, _) => selection.bytes(),
            Part::Text(text) => text.len(),
        }
    }
}

impl Encoder<'_> {
    fn list_of(&mut self, resp3_marker: u8, items: Vec<Reply>) -> Part {
        self.list_header(resp3_marker, items.len());
        Part::Items(items.into_iter())
    }
}

/// Bytes of a reply, about. A list of more than `many` items is not looked at any further: it is heavy.
fn weight(reply: &Reply, many: usize) -> usize {
    match reply {
        Reply::Bulk(bytes) | Reply::Verbatim(_, bytes) => bytes.len(),
        Reply::Array(items) | Reply::Set(items) | Reply::Push(items) => of_all(items, many, |item| weight(item, many)),
        Reply::Map(pairs) | Reply::Pairs(pairs) | Reply::Tuples(pairs) => {
            of_all(pairs, many, |(key, value)| weight(key, many).saturating_add(weight(value, many)))
        }
        Reply::Entry(entry) => entry.fields.as_ref().map_or(0, |fields| fields.packed().len()),
        Reply::Entries(_) if many < usize::MAX => usize::MAX,
        Reply::Entries(selection) => selection.bytes(),
        Reply::Other(reply) => weight(reply, many),
        _ => 0,
    }
}

fn of_all<T>(items: &[T], many: usize, weight: impl Fn(&T) -> usize) -> usize {
    if items.len() > many {
        return usize::MAX;
    }
    items.iter().fold(0, |sum: usize, item| sum.saturating_add(weight(item)).saturating_add(ITEM_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::encode;

    fn pieces(reply: &Reply, protocol: Protocol, bytes: usize) -> Vec<u8> {
        let (mut out, mut sliced) = (Vec::new(), Sliced::new(reply.clone(), protocol));
        while sliced.pour(bytes, &mut out) {}
        out
    }

    #[test]
    fn slices_add_up_to_the_reply() {
        let number = |n: i64| Reply::Integer(n);
        let long = || Reply::Array((0..5000).map(number).collect());
        let text = || Reply::bulk("x".repeat(3 * SLICE_BYTES));
        let pairs = || (0..3).map(|n| (number(n), long())).chain([(Reply::text("t"), text())]).collect::<Vec<_>>();
        let replies = [
            long(),
            text(),
            Reply::Array(vec![Reply::OK, long(), Reply::Null, text(), Reply::Array(vec![])]),
            Reply::Map(pairs()),
            Reply::Pairs(pairs()),
            Reply::Tuples(pairs()),
            Reply::Set((0..5000).map(number).collect()),
            Reply::Push(vec![Reply::text("m"), text()]),
            Reply::Array(vec![Reply::Other(Box::new(Reply::Map(pairs()))), long()]),
            Reply::Verbatim("txt".into(), vec![b'y'; 2 * SLICE_BYTES].into()),
            Reply::OK,
        ];
        for reply in &replies {
            for protocol in [Protocol::Resp2, Protocol::Resp3] {
                let mut whole = Vec::new();
                encode(reply, protocol, &mut whole);
                assert!(pieces(reply, protocol, 1) == whole && pieces(reply, protocol, SLICE_BYTES) == whole);
            }
        }
    }

    #[test]
    fn what_fits_one_slice_is_not_long() {
        assert!(!Sliced::is_worth(&Reply::Array(vec![Reply::OK; MANY])));
        assert!(Sliced::is_worth(&Reply::Array(vec![Reply::OK; MANY + 1])));
        assert!(!Sliced::is_worth(&Reply::bulk("x".repeat(SLICE_BYTES))));
        assert!(Sliced::is_worth(&Reply::Array(vec![Reply::bulk("x".repeat(SLICE_BYTES))])));
    }
}
