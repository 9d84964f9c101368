//! A list: elements in order, cheap at both ends.

use super::{VERSION, check_version, misfit};
use crate::change::Change;
use crate::codec::{Put, Reader};
use crate::error::Result;
use bytes::Bytes;
use std::collections::VecDeque;

/// Up to so many bytes (about, with what frames each element) the reference holds a list in one piece.
const COMPACT: usize = 8192;
/// So many elements are taken out one by one, each at the cost of its way to the nearer end; more in one pass over all.
const FEW: usize = 4;
/// Bytes that frame all and each in that piece.
const FRAME: usize = 7;

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List {
    elements: VecDeque<Bytes>,
    /// Bytes of the elements as the reference would count them.
    packed: usize,
    /// It was too large to be one piece, and has not shrunk to half of that since.
    wide: bool,
}

impl List {
    /// Its elements.
    pub fn elements(&self) -> &VecDeque<Bytes> {
        &self.elements
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Whether the reference would hold it in its compact form.
    pub fn is_compact(&self) -> bool {
        !self.wide
    }

    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Result<()> {
        let len = self.elements.len() as u64;
        match *change {
            Change::ListPush { back, value } => self.push(back, value),
            Change::ListPop { back, count } if count <= len => self.pop(back, count as usize),
            Change::ListSet { index, value } if index < len => {
                let old = std::mem::replace(&mut self.elements[index as usize], Bytes::copy_from_slice(value));
                self.packed = self.packed - packed(&old) + packed(value);
            }
            Change::ListInsert { index, value } if index <= len => {
                self.elements.insert(index as usize, Bytes::copy_from_slice(value));
                self.packed += packed(value);
            }
            Change::ListRemove { back, count, value } => self.remove(back, count, value),
            Change::ListTrim { first, keep } if first <= len && keep <= len - first => {
                self.pop(true, (len - first - keep) as usize);
                self.pop(false, first as usize);
            }
            _ => return Err(misfit(change)),
        }
        self.settle_form();
        Ok(())
    }

    fn push(&mut self, back: bool, value: &[u8]) {
        self.packed += packed(value);
        let value = Bytes::copy_from_slice(value);
        if back { self.elements.push_back(value) } else { self.elements.push_front(value) }
    }

    fn pop(&mut self, back: bool, count: usize) {
        let len = self.elements.len();
        let range = if back { len - count..len } else { 0..count };
        self.packed -= self.elements.range(range.clone()).map(|e| packed(e)).sum::<usize>();
        self.elements.drain(range);
        if self.elements.len() * 4 < self.elements.capacity() && self.elements.capacity() > 64 {
            self.elements.shrink_to(self.elements.len() * 2);
        }
    }

    /// Where the first `count` elements that equal `value` stand, from one end: as many as there are.
    pub fn find<'a>(&'a self, back: bool, count: usize, value: &'a [u8]) -> Box<dyn Iterator<Item = usize> + 'a> {
        let is = move |(at, element): (usize, &Bytes)| (element == value).then_some(at);
        let elements = self.elements.iter().enumerate();
        if back {
            Box::new(elements.rev().filter_map(is).take(count))
        } else {
            Box::new(elements.filter_map(is).take(count))
        }
    }

    fn remove(&mut self, back: bool, count: u64, value: &[u8]) {
        let mut places: Vec<usize> = self.find(back, usize::try_from(count).unwrap_or(usize::MAX), value).collect();
        places.sort_unstable();
        self.packed -= places.len() * packed(value);
        if places.len() <= FEW {
            places.iter().rev().for_each(|at| drop(self.elements.remove(*at)));
            return;
        }
        let (mut at, mut places) = (0, places.into_iter().peekable());
        self.elements.retain(|_| {
            at += 1;
            places.next_if_eq(&(at - 1)).is_none()
        });
    }

    fn settle_form(&mut self) {
        let bytes = self.packed + FRAME;
        self.wide = if self.wide { bytes > COMPACT / 2 } else { bytes > COMPACT };
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        // The bytes as the reference would pack them: near enough, and nobody has to look at each.
        size_of::<List>() + self.elements.capacity() * size_of::<Bytes>() + self.packed
    }

    /// Its record.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION, u8::from(self.wide)];
        self.elements.iter().for_each(|element| out.put_bytes(element));
        out
    }

    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Result<List> {
        let mut r = Reader::new(bytes, "list");
        check_version(&mut r, "list")?;
        let mut list = List { wide: r.byte()? != 0, ..List::default() };
        while !r.is_empty() {
            list.push(true, r.bytes()?);
        }
        Ok(list)
    }
}

/// Bytes of an element in the compact form: what tells its length, itself, and the way back over it.
fn packed(element: &[u8]) -> usize {
    let own = match super::integer(element).filter(|_| element.len() < 21) {
        Some(n) => match n {
            0..=127 => 1,
            -4096..=4095 => 2,
            -32768..=32767 => 3,
            -8_388_608..=8_388_607 => 4,
            _ if i32::try_from(n).is_ok() => 5,
            _ => 9,
        },
        None => match element.len() {
            len @ 0..=63 => len + 1,
            len @ 64..=4095 => len + 2,
            len => len + 5,
        },
    };
    own + if own < 128 {
        1
    } else if own < 16384 {
        2
    } else {
        3
    }
}
