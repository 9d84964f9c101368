//! Reading and writing records by hand: varints, lengths, ids. A reader never trusts a length it has not checked.

use crate::error::{Result, StorageError};
use crate::id::StreamId;
use crate::varint;

/// Appends values to a record.
pub trait Put {
    /// An unsigned number, LEB128.
    fn put_num(&mut self, n: u64);
    /// A signed number, zig-zag LEB128.
    fn put_signed(&mut self, n: i64);
    /// A length and that many bytes.
    fn put_bytes(&mut self, bytes: &[u8]);
    /// A stream id: two numbers.
    fn put_id(&mut self, id: StreamId);
    /// A number that may be absent: 0, or the number plus one.
    fn put_option(&mut self, n: Option<u64>);
}

impl Put for Vec<u8> {
    fn put_num(&mut self, n: u64) {
        varint::write(self, n);
    }

    fn put_signed(&mut self, n: i64) {
        varint::write(self, ((n << 1) ^ (n >> 63)) as u64);
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        varint::write(self, bytes.len() as u64);
        self.extend_from_slice(bytes);
    }

    fn put_id(&mut self, id: StreamId) {
        varint::write(self, id.ms);
        varint::write(self, id.seq);
    }

    fn put_option(&mut self, n: Option<u64>) {
        match n {
            None => self.push(0),
            Some(n) => {
                self.push(1);
                varint::write(self, n);
            }
        }
    }
}

/// Takes values off the front of a record.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// A reader of `bytes`; `what` names the record in errors.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Reader<'a> {
        Reader { rest: bytes, what }
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    fn short(&self) -> StorageError {
        StorageError::corrupt(self.what, format!("record ends early, {} bytes left", self.rest.len()))
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8> {
        let (&first, rest) = self.rest.split_first().ok_or_else(|| self.short())?;
        self.rest = rest;
        Ok(first)
    }

    /// An unsigned number.
    pub fn num(&mut self) -> Result<u64> {
        let (n, used) = varint::read(self.rest).ok_or_else(|| self.short())?;
        self.rest = &self.rest[used..];
        Ok(n)
    }

    /// An unsigned number that fits 32 bits.
    pub fn num32(&mut self) -> Result<u32> {
        let n = self.num()?;
        u32::try_from(n).map_err(|_| StorageError::corrupt(self.what, format!("{n} is too large")))
    }

    /// A signed number.
    pub fn signed(&mut self) -> Result<i64> {
        let n = self.num()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// A length and that many bytes.
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let len = usize::try_from(self.num()?).map_err(|_| self.short())?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(|| self.short())?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A stream id.
    pub fn id(&mut self) -> Result<StreamId> {
        Ok(StreamId { ms: self.num()?, seq: self.num()? })
    }

    /// A number that may be absent.
    pub fn option(&mut self) -> Result<Option<u64>> {
        match self.byte()? {
            0 => Ok(None),
            1 => self.num().map(Some),
            other => Err(StorageError::corrupt(self.what, format!("option marker {other}"))),
        }
    }
}
