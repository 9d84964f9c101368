//! Members in the order of their scores, found by rank, by score and by name.
//!
//! Sorted pieces of up to 512 members: a rank is counted over the pieces, everything else is a binary search. So a call
//! costs O(N/512) for N members, which beats a tree up to millions of them, and a range is a run over memory.
//! Scores are never NaN; zero and minus zero are equal.

use bytes::Bytes;
use std::cmp::Ordering;

/// Members of a piece; one that grows beyond it is halved.
const PIECE: usize = 512;

/// A member with its score.
pub type Ranked = (f64, Bytes);

/// Members in order.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// None of them is empty.
    pieces: Vec<Vec<Ranked>>,
    len: usize,
}

/// The order: by score, then by the bytes of the member.
pub fn compare(a: (f64, &[u8]), b: (f64, &[u8])) -> Ordering {
    a.0.partial_cmp(&b.0).unwrap_or(Ordering::Equal).then_with(|| a.1.cmp(b.1))
}

impl Order {
    /// Number of members.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many members at the front satisfy `holds`, which must be true up to some member and false behind it.
    pub fn count_while(&self, holds: impl Fn(f64, &[u8]) -> bool) -> usize {
        let (piece, at) = self.place(holds);
        self.pieces[..piece].iter().map(Vec::len).sum::<usize>() + at
    }

    /// The piece and the index in it of the first member that does not satisfy `holds`; the end of the last piece but one
    /// is never answered, the end of all is.
    fn place(&self, holds: impl Fn(f64, &[u8]) -> bool) -> (usize, usize) {
        let all = |piece: &Vec<Ranked>| piece.last().is_none_or(|(score, member)| holds(*score, member));
        let piece = self.pieces.partition_point(all);
        let at = self.pieces.get(piece).map_or(0, |p| p.partition_point(|(score, member)| holds(*score, member)));
        (piece, at)
    }

    /// The rank that a member has, or would have.
    pub fn rank(&self, score: f64, member: &[u8]) -> usize {
        self.count_while(|s, m| compare((s, m), (score, member)) == Ordering::Less)
    }

    /// Adds a member that is not there.
    pub fn insert(&mut self, score: f64, member: Bytes) {
        let (mut piece, mut at) = self.place(|s, m| compare((s, m), (score, &member)) == Ordering::Less);
        if piece == self.pieces.len() {
            // Behind all others: in the last piece, if there is one.
            match self.pieces.len() {
                0 => self.pieces.push(Vec::new()),
                pieces => (piece, at) = (pieces - 1, self.pieces[pieces - 1].len()),
            }
        }
        self.pieces[piece].insert(at, (score, member));
        self.len += 1;
        if self.pieces[piece].len() > PIECE {
            // Scores often only rise: then full pieces stay full.
            let last = piece + 1 == self.pieces.len() && at + 1 == self.pieces[piece].len();
            let cut = if last { PIECE } else { PIECE / 2 };
            let upper = self.pieces[piece].split_off(cut);
            self.pieces.insert(piece + 1, upper);
        }
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, score: f64, member: &[u8]) -> bool {
        let (piece, at) = self.place(|s, m| compare((s, m), (score, member)) == Ordering::Less);
        let Some(members) = self.pieces.get_mut(piece) else { return false };
        if members.get(at).is_none_or(|(_, m)| m != member) {
            return false;
        }
        members.remove(at);
        self.len -= 1;
        if members.is_empty() {
            self.pieces.remove(piece);
        } else {
            self.join(piece);
        }
        true
    }

    /// Joins a piece that became small with the one behind it.
    fn join(&mut self, piece: usize) {
        let next = self.pieces.get(piece + 1).map_or(PIECE, Vec::len);
        if self.pieces[piece].len() + next <= PIECE / 4 {
            let upper = self.pieces.remove(piece + 1);
            self.pieces[piece].extend(upper);
        }
    }

    fn seek(&self, rank: usize) -> (usize, usize) {
        let mut left = rank;
        for (piece, members) in self.pieces.iter().enumerate() {
            if left < members.len() {
                return (piece, left);
            }
            left -= members.len();
        }
        (self.pieces.len(), 0)
    }

    /// The members from `rank` on, upwards.
    pub fn from(&self, rank: usize) -> impl Iterator<Item = &Ranked> {
        let (piece, at) = self.seek(rank);
        let first = self.pieces.get(piece).map_or(&[][..], |p| &p[at..]);
        first.iter().chain(self.pieces.iter().skip(piece + 1).flatten())
    }

    /// The members below `rank`, downwards.
    pub fn below(&self, rank: usize) -> impl Iterator<Item = &Ranked> {
        let (piece, at) = self.seek(rank);
        let first = self.pieces.get(piece).map_or(&[][..], |p| &p[..at]);
        first.iter().rev().chain(self.pieces[..piece].iter().rev().flat_map(|p| p.iter().rev()))
    }

    /// Bytes of memory, the members' own bytes left out.
    pub fn memory(&self) -> usize {
        self.pieces.iter().map(|p| p.capacity() * size_of::<Ranked>() + size_of::<Vec<Ranked>>()).sum()
    }
}
