//! Changes of hashes, lists, sets and sorted sets: the effects with tags from 48 on.
//!
//! A change is settled: what was chosen at random, counted or compared is a value here. The rules of `batch.rs` hold:
//! tags are never renumbered. Must never know: keys, replies, clocks.

#![allow(missing_docs, reason = "fields are named in the words of the variant's sentence")]

use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use crate::keyspace::object::Kind;

/// One settled change of a value that holds elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The key is an empty value of this kind. A batch never ends with an empty one.
    Create { kind: Kind, uid: u64 },
    /// The field has this value, and vanishes at this Unix time in milliseconds; `None` = never.
    FieldPut { field: &'a [u8], value: &'a [u8], deadline_ms: Option<u64> },
    /// The field is gone.
    FieldRemove { field: &'a [u8] },
    /// The field vanishes at this Unix time in milliseconds; `None` = never.
    FieldDeadline { field: &'a [u8], at_ms: Option<u64> },
    /// An element behind the last (`back`), or before the first.
    ListPush { back: bool, value: &'a [u8] },
    /// `count` elements are gone from one end.
    ListPop { back: bool, count: u64 },
    /// The element at `index` is another one.
    ListSet { index: u64, value: &'a [u8] },
    /// A new element stands at `index`.
    ListInsert { index: u64, value: &'a [u8] },
    /// The first `count` elements that equal `value`, from one end, are gone.
    ListRemove { back: bool, count: u64, value: &'a [u8] },
    /// `keep` elements from `first` on stay.
    ListTrim { first: u64, keep: u64 },
    /// A member of a set.
    MemberAdd { member: &'a [u8] },
    /// The member is gone.
    MemberRemove { member: &'a [u8] },
    /// The member of a sorted set has this score (the bits of a double, never NaN).
    ScorePut { member: &'a [u8], bits: u64 },
    /// The member of a sorted set is gone.
    ScoreRemove { member: &'a [u8] },
}

/// The tags of this file.
pub(crate) const TAGS: std::ops::RangeInclusive<u8> = 48..=61;

impl<'a> Change<'a> {
    /// Appends the encoded change.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Change::Create { kind, uid } => {
                out.extend_from_slice(&[48, kind as u8]);
                out.put_num(uid);
            }
            Change::FieldPut { field, value, deadline_ms } => {
                put(out, 49, &[], field);
                out.put_bytes(value);
                out.put_option(deadline_ms);
            }
            Change::FieldRemove { field } => put(out, 50, &[], field),
            Change::FieldDeadline { field, at_ms } => {
                put(out, 51, &[], field);
                out.put_option(at_ms);
            }
            Change::ListPush { back, value } => put(out, 52, &[u64::from(back)], value),
            Change::ListPop { back, count } => {
                out.extend_from_slice(&[53, u8::from(back)]);
                out.put_num(count);
            }
            Change::ListSet { index, value } => put(out, 54, &[index], value),
            Change::ListInsert { index, value } => put(out, 55, &[index], value),
            Change::ListRemove { back, count, value } => put(out, 56, &[u64::from(back), count], value),
            Change::ListTrim { first, keep } => {
                out.push(57);
                out.put_num(first);
                out.put_num(keep);
            }
            Change::MemberAdd { member } => put(out, 58, &[], member),
            Change::MemberRemove { member } => put(out, 59, &[], member),
            Change::ScorePut { member, bits } => {
                put(out, 60, &[], member);
                out.extend_from_slice(&bits.to_le_bytes());
            }
            Change::ScoreRemove { member } => put(out, 61, &[], member),
        }
    }

    /// Reads the change that follows `tag`.
    pub fn decode(tag: u8, r: &mut Reader<'a>) -> Result<Change<'a>> {
        Ok(match tag {
            48 => {
                let kind = r.byte()?;
                let kind = Kind::from_tag(kind).filter(|kind| kind.has_elements());
                let kind = kind.ok_or_else(|| StorageError::corrupt("batch", "a value of an unknown kind"))?;
                Change::Create { kind, uid: r.num()? }
            }
            49 => Change::FieldPut { field: r.bytes()?, value: r.bytes()?, deadline_ms: r.option()? },
            50 => Change::FieldRemove { field: r.bytes()? },
            51 => Change::FieldDeadline { field: r.bytes()?, at_ms: r.option()? },
            52 => Change::ListPush { back: r.byte()? != 0, value: r.bytes()? },
            53 => Change::ListPop { back: r.byte()? != 0, count: r.num()? },
            54 => Change::ListSet { index: r.num()?, value: r.bytes()? },
            55 => Change::ListInsert { index: r.num()?, value: r.bytes()? },
            56 => Change::ListRemove { back: r.byte()? != 0, count: r.num()?, value: r.bytes()? },
            57 => Change::ListTrim { first: r.num()?, keep: r.num()? },
            58 => Change::MemberAdd { member: r.bytes()? },
            59 => Change::MemberRemove { member: r.bytes()? },
            60 => Change::ScorePut { member: r.bytes()?, bits: score_bits(r)? },
            61 => Change::ScoreRemove { member: r.bytes()? },
            other => return Err(StorageError::corrupt("batch", format!("unknown effect {other}"))),
        })
    }
}

fn put(out: &mut Vec<u8>, tag: u8, nums: &[u64], bytes: &[u8]) {
    out.push(tag);
    nums.iter().for_each(|n| out.put_num(*n));
    out.put_bytes(bytes);
}

/// Eight bytes, the least significant first: a score that is a number.
pub(crate) fn score_bits(r: &mut Reader<'_>) -> Result<u64> {
    let mut bytes = [0; 8];
    for byte in &mut bytes {
        *byte = r.byte()?;
    }
    let bits = u64::from_le_bytes(bytes);
    if f64::from_bits(bits).is_nan() { Err(StorageError::corrupt("score", "not a number")) } else { Ok(bits) }
}

#[cfg(test)]
pub(crate) fn samples<'a>() -> Vec<Change<'a>> {
    vec![
        Change::Create { kind: Kind::Hash, uid: 3 },
        Change::Create { kind: Kind::SortedSet, uid: u64::MAX },
        Change::FieldPut { field: b"f", value: b"v", deadline_ms: Some(7) },
        Change::FieldPut { field: b"", value: b"", deadline_ms: None },
        Change::FieldRemove { field: b"f" },
        Change::FieldDeadline { field: b"f", at_ms: None },
        Change::ListPush { back: true, value: b"x" },
        Change::ListPop { back: false, count: 3 },
        Change::ListSet { index: 9, value: b"y" },
        Change::ListInsert { index: 0, value: b"z" },
        Change::ListRemove { back: true, count: u64::MAX, value: b"y" },
        Change::ListTrim { first: 1, keep: 0 },
        Change::MemberAdd { member: b"m" },
        Change::MemberRemove { member: b"m" },
        Change::ScorePut { member: b"m", bits: (-0.0f64).to_bits() },
        Change::ScoreRemove { member: b"m" },
    ]
}
