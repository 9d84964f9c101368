//! One journal record as bytes.
//!
//! Owns: the layout of a record and its two checksums. Must never know: files, segments, what a payload means.
//! Read next: `segment.rs` (the file around the records), `replay.rs` (who decodes them).
//!
//! ```text
//! offset  0  check   u32  low half of xxh3-64 over bytes 4..24, seeded with the salt of the segment
//!         4  length  u32  bytes of payload
//!         8  chain   u64  xxh3-64 over bytes 16.. (commit and payload), seeded with the chain of the record before
//!        16  commit  u64  the commit before, plus one
//!        24  payload
//! ```
//!
//! All little endian. Two checksums, because they answer two questions. `chain` says that this record follows exactly
//! that history; it depends on the payloads alone, so it means the same in every copy of a log. `check` says that the
//! header was written into *this* use of the file: a damaged length is never followed, and a record left from an
//! earlier use is refused even where a crashed process had by chance written the same history up to that point.

use super::{CommitNo, Mark};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bytes of a record that are not payload.
pub(crate) const HEADER: usize = 24;

const LENGTH_AT: usize = 4;
const CHAIN_AT: usize = 8;
const COMMIT_AT: usize = 16;

/// A record that was found intact.
pub(crate) struct Record<'a> {
    /// Its commit, and the chain that includes it.
    pub mark: Mark,
    /// What was appended.
    pub payload: &'a [u8],
    /// Bytes it takes in the file.
    pub size: usize,
}

/// The length of a payload as it is written down; `None` from 4 GiB.
pub(crate) fn length(payload: &[u8]) -> Option<u32> {
    u32::try_from(payload.len()).ok()
}

/// Writes the record of `payload` into `buffer` (cleared first).
pub(crate) fn encode(buffer: &mut Vec<u8>, before: Mark, salt: u64, payload: &[u8], length: u32) -> Mark {
    let commit = before.commit + 1;
    buffer.clear();
    buffer.reserve(HEADER + payload.len());
    buffer.extend_from_slice(&[0; LENGTH_AT]);
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.extend_from_slice(&[0; COMMIT_AT - CHAIN_AT]);
    buffer.extend_from_slice(&commit.to_le_bytes());
    buffer.extend_from_slice(payload);
    let chain = xxh3_64_with_seed(&buffer[COMMIT_AT..], before.chain);
    buffer[CHAIN_AT..COMMIT_AT].copy_from_slice(&chain.to_le_bytes());
    let check = check(&buffer[LENGTH_AT..HEADER], salt);
    buffer[..LENGTH_AT].copy_from_slice(&check.to_le_bytes());
    Mark { commit, chain }
}

/// The bytes of the record at the start of `bytes`, as its header says, if that belongs to this use of the file.
pub(super) fn size(bytes: &[u8], salt: u64) -> Option<usize> {
    let header = bytes.get(..HEADER)?;
    let is_ours = u32_at(header, 0)? == check(&header[LENGTH_AT..], salt);
    let length = usize::try_from(u32_at(header, LENGTH_AT)?).ok()?;
    HEADER.checked_add(length).filter(|_| is_ours)
}

/// The record at the start of `bytes`, if it is whole, belongs to this use of the file and continues `before`.
pub(crate) fn decode(bytes: &[u8], before: Mark, salt: u64) -> Option<Record<'_>> {
    let size = size(bytes, salt)?;
    let record = bytes.get(..size)?;
    let mark = Mark { commit: u64_at(record, COMMIT_AT)?, chain: u64_at(record, CHAIN_AT)? };
    let continues = Some(mark.commit) == before.commit.checked_add(1)
        && mark.chain == xxh3_64_with_seed(&record[COMMIT_AT..], before.chain);
    continues.then_some(Record { mark, payload: &record[HEADER..], size })
}

/// The commit of the first record in `bytes` that was written into this use of the file after `after`, whole or not:
/// only its header is looked at. Behind the end of a log there is one after damage, and after a power cut that took what
/// stood before it.
pub(crate) fn stray(bytes: &[u8], after: CommitNo, salt: u64) -> Option<CommitNo> {
    let most = after.saturating_add((bytes.len() / HEADER) as u64 + 1);
    let candidates = bytes.windows(HEADER).filter_map(|header| Some((u64_at(header, COMMIT_AT)?, header)));
    // The commit first: it is cheaper than the checksum, and nearly always enough.
    let mut near = candidates.filter(|(commit, _)| *commit > after && *commit <= most);
    near.find(|(_, header)| u32_at(header, 0) == Some(check(&header[LENGTH_AT..], salt))).map(|(commit, _)| commit)
}

/// The mark after a payload, for journals that keep no bytes on disk.
pub(super) fn chained(before: Mark, payload: &[u8]) -> Mark {
    let commit: CommitNo = before.commit + 1;
    let mut bytes = Vec::with_capacity(HEADER - COMMIT_AT + payload.len());
    bytes.extend_from_slice(&commit.to_le_bytes());
    bytes.extend_from_slice(payload);
    Mark { commit, chain: xxh3_64_with_seed(&bytes, before.chain) }
}

fn check(header: &[u8], salt: u64) -> u32 {
    // The low half is enough: the whole record is vouched for by the chain.
    (xxh3_64_with_seed(header, salt) & u64::from(u32::MAX)) as u32
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// Eight little-endian bytes at an offset.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read(
            payload in prop::collection::vec(any::<u8>(), 0..2000), commit in 0..u64::MAX - 1,
            chain: u64, salt: u64, behind in prop::collection::vec(any::<u8>(), 0..64),
        ) {
            let before = Mark { commit, chain };
            let mut bytes = Vec::new();
            let mark = encode(&mut bytes, before, salt, &payload, length(&payload).unwrap());
            prop_assert_eq!(mark, chained(before, &payload));
            bytes.extend_from_slice(&behind);
            let record = decode(&bytes, before, salt).unwrap();
            prop_assert_eq!(record.mark, mark);
            prop_assert_eq!(record.payload, &payload[..]);
            prop_assert_eq!(record.size, HEADER + payload.len());
        }

        #[test]
        fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), salt: u64) {
            prop_assert!(decode(&bytes, Mark::default(), salt).is_none());
        }

        #[test]
        fn another_history_or_another_use_of_the_file_is_refused(payload: Vec<u8>, chain: u64, salt: u64, other: u64) {
            prop_assume!(other != 0);
            let before = Mark { commit: 7, chain };
            let mut bytes = Vec::new();
            encode(&mut bytes, before, salt, &payload, length(&payload).unwrap());
            let (past, place) = (Mark { chain: chain ^ other, ..before }, Mark { commit: 8, ..before });
            prop_assert!(decode(&bytes, past, salt).is_none());
            prop_assert!(decode(&bytes, place, salt).is_none());
            prop_assert!(decode(&bytes, before, salt ^ other).is_none());
        }
    }

    #[test]
    fn a_record_behind_damage_is_seen() {
        let (mut bytes, mut mark) = (Vec::new(), Mark { commit: 3, chain: 9 });
        for payload in [&b"one"[..], b"two", b"three"] {
            let mut record = Vec::new();
            mark = encode(&mut record, mark, 5, payload, length(payload).unwrap());
            bytes.extend(record);
        }
        bytes.extend([0; 100]);
        assert_eq!(stray(&bytes, 3, 5), Some(4));
        assert_eq!(stray(&bytes[1..], 3, 5), Some(5));
        assert_eq!(stray(&bytes, 6, 5), None, "older ones do not count");
        assert_eq!(stray(&bytes, 3, 6), None, "those of another use of the file do not, either");
        assert_eq!(stray(&bytes[..HEADER - 1], 3, 5), None);
    }

    #[test]
    fn zeros_are_no_record() {
        assert!(decode(&[0; 4096], Mark::default(), 0).is_none());
    }
}
