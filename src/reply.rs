//! A protocol-neutral answer. Commands build it; only `resp/` turns it into bytes.
//!
//! Must never know: RESP2 or RESP3 framing, sockets. Shapes that differ between the two protocols are named after
//! what they mean (a map, a null array), and the encoder decides.

use brooklet_storage::StreamId;
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::log::Selection;
use bytes::Bytes;
use std::borrow::Cow;

/// What a command answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// None: what there is to say comes as messages.
    Nothing,
    /// A simple string. Line breaks are replaced by spaces when it is written.
    Status(Cow<'static, str>),
    /// A whole error line with its code, e.g. `ERR no such key`. Line breaks are replaced by spaces when it is written.
    Error(Cow<'static, str>),
    /// A 64-bit integer.
    Integer(i64),
    /// A string of bytes.
    Bulk(Bytes),
    /// A stream id, written as a bulk string.
    Id(StreamId),
    /// No value: `$-1` in RESP2, `_` in RESP3.
    Null,
    /// No list: `*-1` in RESP2, `_` in RESP3.
    NullArray,
    /// A list.
    Array(Vec<Reply>),
    /// Pairs of key and value: a flat array in RESP2.
    Map(Vec<(Reply, Reply)>),
    /// Pairs that RESP2 writes as an array of two-element arrays (the answer of XREAD): a map in RESP3.
    Pairs(Vec<(Reply, Reply)>),
    /// Pairs in an order that matters: an array of two-element arrays in RESP3, flat in RESP2.
    Tuples(Vec<(Reply, Reply)>),
    /// A set: an array in RESP2.
    Set(Vec<Reply>),
    /// An out-of-band message: an array in RESP2.
    Push(Vec<Reply>),
    /// A floating point number: a bulk string in RESP2.
    Double(f64),
    /// An integer of any size, in decimal: a bulk string in RESP2.
    BigNumber(Cow<'static, str>),
    /// A truth value: 1 or 0 in RESP2.
    Boolean(bool),
    /// Text with a three-letter format: a bulk string in RESP2.
    Verbatim(Cow<'static, str>, Bytes),
    /// An answer in the protocol that the connection had before HELLO changed it within the same transaction: the other one.
    Other(Box<Reply>),
    /// A stream entry: `[id, [field, value, ...]]`, or `[id, nil-array]` when the entry is gone.
    Entry(Box<EntryReply>),
    /// A list of many stream entries, which are read when they are written. Sessions in process get [`Reply::Array`].
    Entries(Box<Selection>),
}

/// One stream entry in a reply.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryReply {
    /// The entry's id.
    pub id: StreamId,
    /// The packed fields and values (see [`brooklet_storage::Fields`]), or none when the entry was deleted.
    pub fields: Option<brooklet_storage::Fields>,
    /// Milliseconds idle and deliveries before this one; present in answers to XREADGROUP with CLAIM.
    pub redelivery: Option<(i64, i64)>,
}

impl Reply {
    /// `+OK`.
    pub const OK: Reply = Reply::Status(Cow::Borrowed("OK"));

    /// A bulk string copied from `bytes`.
    pub fn bulk(bytes: impl AsRef<[u8]>) -> Reply {
        Reply::Bulk(Bytes::copy_from_slice(bytes.as_ref()))
    }

    /// A static bulk string.
    pub const fn text(text: &'static str) -> Reply {
        Reply::Bulk(Bytes::from_static(text.as_bytes()))
    }

    /// Reads what was put off: afterwards there is no [`Reply::Entries`] in it.
    pub fn unfold(&mut self) {
        match self {
            Reply::Array(items) => items.iter_mut().for_each(Reply::unfold),
            Reply::Pairs(pairs) => pairs.iter_mut().for_each(|(_, value)| value.unfold()),
            Reply::Entries(selection) => {
                let mut items = Vec::with_capacity(usize::try_from(selection.len()).unwrap_or_default());
                while !selection.is_empty() {
                    let entries = selection.next_entries().into_iter();
                    let reply = |e: Entry| EntryReply { id: e.id, fields: Some(e.fields), redelivery: None };
                    items.extend(entries.map(|e| Reply::Entry(Box::new(reply(e)))));
                }
                *self = Reply::Array(items);
            }
            _ => {}
        }
    }

    /// An integer from a count.
    pub fn count(n: usize) -> Reply {
        Reply::Integer(i64::try_from(n).unwrap_or(i64::MAX))
    }
}
