//! A sorted set: members with scores, found by name (`table.rs`) and in order (`order.rs`). Both share the members' bytes.

use super::order::Order;
use super::table::{Compact, Content, Table};
use super::{VERSION, check_version, misfit};
use crate::change::{Change, score_bits};
use crate::codec::Reader;
use crate::error::Result;
use bytes::Bytes;

/// Up to where the reference holds a sorted set in its compact form.
const COMPACT: Compact = Compact { elements: 128, bytes: 64 };

impl Content for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_bits().to_le_bytes());
    }

    fn read(r: &mut Reader<'_>) -> Result<f64> {
        score_bits(r).map(f64::from_bits)
    }

    fn width(&self) -> usize {
        0
    }
}

/// A sorted set.
#[derive(Clone, Debug)]
pub struct SortedSet {
    scores: Table<f64>,
    order: Order,
}

impl SortedSet {
    /// An empty one.
    pub fn new(seed: u64) -> SortedSet {
        SortedSet { scores: Table::new(seed, COMPACT), order: Order::default() }
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Number of members by name; by score it is [`SortedSet::len`].
    pub(crate) fn by_name(&self) -> usize {
        self.scores.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether the reference would hold it in its compact form.
    pub fn is_compact(&self) -> bool {
        self.scores.is_compact()
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    /// The members in order.
    pub fn order(&self) -> &Order {
        &self.order
    }

    /// The rank of a member, from 0.
    pub fn rank(&self, member: &[u8]) -> Option<usize> {
        self.score(member).map(|score| self.order.rank(score, member))
    }

    /// Visits about `count` members from `cursor` on; where to go on, 0 = that was all.
    pub fn walk(&self, cursor: u64, count: usize, mut visit: impl FnMut(&[u8], f64)) -> u64 {
        if self.is_compact() {
            self.order.from(0).for_each(|(score, member)| visit(member, *score));
            return 0;
        }
        self.scores.walk(cursor, count, |member, score| visit(member, *score))
    }

    /// Puts a member with a score that is a number; the one that it had.
    pub fn put(&mut self, member: &[u8], score: f64) -> Option<f64> {
        let known = self.scores.entry(member).map(|(member, _)| member.clone());
        let member = known.unwrap_or_else(|| Bytes::copy_from_slice(member));
        // A compact set of the reference knows no minus zero.
        let score = if self.is_compact() { score + 0.0 } else { score };
        let old = self.scores.put(member.clone(), score);
        if let Some(old) = old {
            self.order.remove(old, &member);
        }
        self.order.insert(score, member);
        old
    }

    /// Removes a member; the score that it had.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let (_, score) = self.scores.remove(member)?;
        self.order.remove(score, member);
        Some(score)
    }

    pub(crate) fn apply(&mut self, change: &Change<'_>) -> Result<()> {
        match *change {
            Change::ScorePut { member, bits } => {
                self.put(member, f64::from_bits(bits));
                Ok(())
            }
            Change::ScoreRemove { member } => self.remove(member).map(drop).ok_or_else(|| misfit(change)),
            _ => Err(misfit(change)),
        }
    }

    /// Bytes of memory, about.
    pub fn memory(&self) -> usize {
        size_of::<SortedSet>() + self.scores.memory() + self.order.memory()
    }

    /// Its record.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        self.scores.write(&mut out);
        out
    }

    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Result<SortedSet> {
        let mut r = Reader::new(bytes, "sorted set");
        check_version(&mut r, "sorted set")?;
        let scores: Table<f64> = Table::read(&mut r, COMPACT)?;
        let mut order = Order::default();
        scores.iter().for_each(|(member, score)| order.insert(*score, member.clone()));
        Ok(SortedSet { scores, order })
    }
}
