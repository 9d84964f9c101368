//! The packed fields of one entry: `[pair count][length][bytes][length][bytes]...`, all numbers LEB128.
//! The same bytes stand in the journal, in a chunk and in a reply, so they are written once and copied whole.

use crate::varint;
use bytes::Bytes;

/// Fields and values of one entry, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields(Bytes);

impl Fields {
    /// Wraps bytes that [`pack`] made.
    pub fn from_packed(bytes: Bytes) -> Fields {
        Fields(bytes)
    }

    /// Number of field-value pairs.
    pub fn pairs(&self) -> usize {
        varint::read(&self.0).map_or(0, |(n, _)| n as usize)
    }

    /// Field, value, field, value, ...
    pub fn iter(&self) -> FieldIter<'_> {
        let rest = varint::read(&self.0).map_or(&[][..], |(_, used)| &self.0[used..]);
        FieldIter { rest }
    }

    /// The packed bytes.
    pub fn packed(&self) -> &Bytes {
        &self.0
    }
}

/// Walks fields and values alternately.
#[derive(Clone, Debug)]
pub struct FieldIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for FieldIter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (len, used) = varint::read(self.rest)?;
        let end = used.checked_add(usize::try_from(len).ok()?)?;
        let item = self.rest.get(used..end)?;
        self.rest = &self.rest[end..];
        Some(item)
    }
}

/// Appends the packed form of `items` (field, value, field, value, ...) to `out`.
pub fn pack<'a>(out: &mut Vec<u8>, items: impl ExactSizeIterator<Item = &'a [u8]>) {
    varint::write(out, (items.len() / 2) as u64);
    for item in items {
        varint::write(out, item.len() as u64);
        out.extend_from_slice(item);
    }
}
