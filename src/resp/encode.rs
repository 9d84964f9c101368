//! Replies as bytes. Owns the framing of both protocols and the rule that no line of ours holds a line break of
//! somebody else. Must never know: verbs, sockets. Depth is bounded by whoever builds a reply.

use super::{ProtocolError, Sliced, double};
use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::log::Selection;
use brooklet_storage::{Fields, StreamId};
use memchr::memchr2;

/// The version of the protocol that a connection speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// What every connection starts with.
    #[default]
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

/// Appends `reply` to `out`.
pub fn encode(reply: &Reply, protocol: Protocol, out: &mut Vec<u8>) {
    Encoder { out, resp3: protocol == Protocol::Resp3 }.reply(reply);
}

/// Appends the error line that ends a connection; the same in both protocols.
pub fn encode_protocol_error(error: &ProtocolError, out: &mut Vec<u8>) {
    out.extend_from_slice(b"-ERR ");
    match error {
        // The offending byte is answered as it came, and need not be text.
        ProtocolError::ExpectedBulk(byte) => {
            out.extend_from_slice(b"Protocol error: expected '$', got '");
            push_line_safe(&[*byte], out);
            out.push(b'\'');
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes replies of one protocol.
pub(super) struct Encoder<'a> {
    pub out: &'a mut Vec<u8>,
    pub resp3: bool,
}

impl Encoder<'_> {
    pub fn reply(&mut self, reply: &Reply) {
        match reply {
            Reply::Nothing => {}
            Reply::Status(text) => self.line(b'+', text),
            Reply::Error(text) => self.line(b'-', text),
            Reply::Integer(n) => self.integer(*n),
            Reply::Bulk(bytes) => self.bulk(bytes),
            Reply::Id(id) => self.id(*id),
            Reply::Null => self.null(b"$-1\r\n"),
            Reply::NullArray => self.null(b"*-1\r\n"),
            Reply::Array(items) => self.list(b'*', items),
            Reply::Set(items) => self.list(b'~', items),
            Reply::Push(items) => self.list(b'>', items),
            Reply::Map(pairs) => self.map(pairs),
            Reply::Pairs(pairs) => self.pairs(pairs),
            Reply::Tuples(pairs) => self.tuples(pairs),
            Reply::Double(value) => self.double(*value),
            Reply::BigNumber(digits) if self.resp3 => self.line(b'(', digits),
            Reply::BigNumber(digits) => self.bulk(digits.as_bytes()),
            Reply::Boolean(value) => self.boolean(*value),
            Reply::Verbatim(format, text) => self.verbatim(format, text),
            Reply::Entry(entry) => self.entry(entry),
            Reply::Entries(selection) => self.entries(selection),
            Reply::Other(reply) => Encoder { out: self.out, resp3: !self.resp3 }.reply(reply),
        }
    }

    fn line(&mut self, marker: u8, text: &str) {
        self.out.push(marker);
        push_line_safe(text.as_bytes(), self.out);
        self.out.extend_from_slice(b"\r\n");
    }

    fn integer(&mut self, n: i64) {
        self.out.push(b':');
        self.out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    /// A marker and a count or length.
    #[inline]
    pub fn header(&mut self, marker: u8, n: usize) {
        let digit = |n: usize| b'0' + n as u8;
        match n {
            0..10 => self.out.extend_from_slice(&[marker, digit(n), b'\r', b'\n']),
            10..100 => self.out.extend_from_slice(&[marker, digit(n / 10), digit(n % 10), b'\r', b'\n']),
            _ => self.long_header(marker, n),
        }
    }

    fn long_header(&mut self, marker: u8, n: usize) {
        self.out.push(marker);
        self.out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 24);
        self.header(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    fn id(&mut self, id: StreamId) {
        let (mut ms, mut seq) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (ms, seq) = (ms.format(id.ms).as_bytes(), seq.format(id.seq).as_bytes());
        let len = ms.len() + 1 + seq.len();
        self.out.reserve(len + 8);
        self.header(b'$', len);
        self.out.extend_from_slice(ms);
        self.out.push(b'-');
        self.out.extend_from_slice(seq);
        self.out.extend_from_slice(b"\r\n");
    }

    /// RESP3 has one null, RESP2 has two.
    fn null(&mut self, resp2: &[u8]) {
        self.out.extend_from_slice(if self.resp3 { b"_\r\n" } else { resp2 });
    }

    /// RESP2 knows no other list than an array.
    pub fn list_header(&mut self, resp3_marker: u8, n: usize) {
        self.header(if self.resp3 { resp3_marker } else { b'*' }, n);
    }

    fn list(&mut self, resp3_marker: u8, items: &[Reply]) {
        self.list_header(resp3_marker, items.len());
        for item in items {
            self.reply(item);
        }
    }

    /// The header of so many pairs.
    pub fn map_header(&mut self, n: usize) {
        if self.resp3 {
            self.header(b'%', n);
        } else {
            self.header(b'*', n * 2);
        }
    }

    fn map(&mut self, pairs: &[(Reply, Reply)]) {
        self.map_header(pairs.len());
        for (key, value) in pairs {
            self.reply(key);
            self.reply(value);
        }
    }

    fn pairs(&mut self, pairs: &[(Reply, Reply)]) {
        self.header(if self.resp3 { b'%' } else { b'*' }, pairs.len());
        for (key, value) in pairs {
            if !self.resp3 {
                self.header(b'*', 2);
            }
            self.reply(key);
            self.reply(value);
        }
    }

    fn tuples(&mut self, pairs: &[(Reply, Reply)]) {
        self.header(b'*', if self.resp3 { pairs.len() } else { pairs.len() * 2 });
        for (first, second) in pairs {
            if self.resp3 {
                self.header(b'*', 2);
            }
            self.reply(first);
            self.reply(second);
        }
    }

    fn double(&mut self, value: f64) {
        if !self.resp3 {
            let mut text = Vec::with_capacity(32);
            double::write(value, &mut text);
            return self.bulk(&text);
        }
        self.out.push(b',');
        double::write(value, self.out);
        self.out.extend_from_slice(b"\r\n");
    }

    fn boolean(&mut self, value: bool) {
        let text: &[u8] = match (self.resp3, value) {
            (true, true) => b"#t\r\n",
            (true, false) => b"#f\r\n",
            (false, true) => b":1\r\n",
            (false, false) => b":0\r\n",
        };
        self.out.extend_from_slice(text);
    }

    fn verbatim(&mut self, format: &str, text: &[u8]) {
        debug_assert_eq!(format.len(), 3, "the format of a verbatim string has three letters");
        if !self.resp3 {
            return self.bulk(text);
        }
        self.header(b'=', format.len() + 1 + text.len());
        self.out.extend_from_slice(format.as_bytes());
        self.out.push(b':');
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    fn entries(&mut self, selection: &Selection) {
        let mut whole = Sliced::new(Reply::Entries(Box::new(selection.clone())), self.protocol());
        while whole.pour(usize::MAX, self.out) {}
    }

    fn protocol(&self) -> Protocol {
        if self.resp3 { Protocol::Resp3 } else { Protocol::Resp2 }
    }

    pub fn entry(&mut self, entry: &EntryReply) {
        self.header(b'*', if entry.redelivery.is_some() { 4 } else { 2 });
        self.id(entry.id);
        match &entry.fields {
            Some(fields) => self.fields(fields),
            None => self.null(b"*-1\r\n"),
        }
        if let Some((idle_ms, deliveries)) = entry.redelivery {
            self.integer(idle_ms);
            self.integer(deliveries);
        }
    }

    /// A flat array in both protocols. The header counts what really follows, not what the packed bytes say of
    /// themselves, so not even damaged bytes can break the framing of the replies behind them.
    fn fields(&mut self, fields: &Fields) {
        self.out.reserve(fields.packed().len() * 2 + 16);
        self.header(b'*', fields.iter().count());
        for item in fields.iter() {
            self.bulk(item);
        }
    }
}

/// Appends text to a line, with spaces for line breaks: a line that user text can end lets the user forge replies.
fn push_line_safe(text: &[u8], out: &mut Vec<u8>) {
    if memchr2(b'\r', b'\n', text).is_none() {
        return out.extend_from_slice(text);
    }
    out.extend(text.iter().map(|&byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }));
}

#[cfg(test)]
#[path = "encode_tests.rs"]
mod tests;
