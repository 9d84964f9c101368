//! A long range of entries, held by the chunks it lies in instead of copied entry by entry.
//!
//! Taking one costs work for each chunk, not for each entry, so it can be done where others wait; its entries are read
//! later, without the log, and are those of the moment at which it was taken: the bytes of a chunk never change, whoever
//! deletes makes new ones. Must never know: who reads it.

use super::{Cold, IdRange, Log};
use crate::id::StreamId;
use crate::stream::chunk::{Entry, Slot, Slots};
use crate::stream::fields::Fields;
use bytes::Bytes;
use std::collections::VecDeque;

/// Entries of a log as they were at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// Chunks that were not read yet with the bases of their ids, in the order in which they are read.
    chunks: VecDeque<(StreamId, Bytes)>,
    range: IdRange,
    descending: bool,
    left: u64,
}

impl Selection {
    /// How many entries there are to read.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Bytes of the chunks that were not read yet: so much memory it holds.
    pub fn bytes(&self) -> usize {
        self.chunks.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// The entries of the next chunk; none when all were read.
    pub fn next_entries(&mut self) -> Vec<Entry> {
        let mut out = Vec::new();
        while out.is_empty() && self.left > 0 {
            let Some((base, bytes)) = self.chunks.pop_front() else {
                self.left = 0;
                break;
            };
            let take = usize::try_from(self.left).unwrap_or(usize::MAX);
            let live = wanted(&bytes, base, self.range);
            let entry = |slot: &Slot| Entry {
                id: slot.id,
                fields: Fields::from_packed(bytes.slice_ref(slot.fields_in(&bytes))),
            };
            if self.descending {
                let slots: Vec<Slot> = live.collect();
                out.extend(slots.iter().rev().take(take).map(entry));
            } else {
                out.extend(live.take(take).map(|slot| entry(&slot)));
            }
            self.left -= out.len() as u64;
        }
        out
    }
}

/// The live entries of a chunk that lie in `range`.
fn wanted(bytes: &[u8], base: StreamId, range: IdRange) -> impl Iterator<Item = Slot> + '_ {
    let slots = Slots::new(bytes, base).skip_while(move |s| s.id < range.start);
    slots.take_while(move |s| s.id <= range.end).filter(|s| !s.deleted)
}

impl Log {
    /// How many chunks a range lies in, about.
    pub fn chunks_in(&self, range: IdRange) -> usize {
        let start = range.start.max(self.first);
        if self.length == 0 || start > range.end {
            return 0;
        }
        self.chunk_of(range.end) + 1 - self.chunk_of(start)
    }

    /// Up to `count` live entries of `range`, without reading them. Fails as [`Log::range`] does.
    pub fn select(&self, range: IdRange, count: usize, descending: bool) -> Result<Selection, Cold> {
        let range = IdRange { start: range.start.max(self.first), ..range };
        let mut selection = Selection { chunks: VecDeque::new(), range, descending, left: 0 };
        if self.length == 0 || range.start > range.end {
            return Ok(selection);
        }
        let (first, last) = (self.chunk_of(range.start), self.chunk_of(range.end));
        for step in 0..=last - first {
            let index = if descending { last - step } else { first + step };
            let room = count as u64 - selection.left;
            if room == 0 {
                break;
            }
            if self.is_dead(index) {
                continue;
            }
            let left = count - selection.left as usize;
            let Some((bytes, base)) = self.shared_bytes(index) else {
                return Err(match descending {
                    true => self.cold_backward(index, range.start, left),
                    false => self.cold_forward(index, range.end, left),
                });
            };
            let whole = self.sealed.get(index).filter(|_| index > first && index < last).map(|c| u64::from(c.live));
            let live = whole.unwrap_or_else(|| wanted(&bytes, base, range).count() as u64);
            if live > 0 {
                selection.left += live.min(room);
                selection.chunks.push_back((base, bytes));
            }
        }
        Ok(selection)
    }

    /// The bytes of a chunk, shared; those of the open one still grow, so they are copied.
    fn shared_bytes(&self, index: usize) -> Option<(Bytes, StreamId)> {
        match self.sealed.get(index) {
            Some(c) => c.data.as_ref().map(|data| (Bytes::clone(data), c.base)),
            None => Some((Bytes::copy_from_slice(&self.open.bytes), self.open.base)),
        }
    }
}
