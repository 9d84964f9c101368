//! The keys of every record, so that their order on disk can be read on one page. All numbers are big-endian.
//!
//! | space | key | value |
//! |---|---|---|
//! | Meta | a short name | see `checkpoint.rs` |
//! | Names | `[physical u32][hash u64][name]` | `[version][kind][uid][deadline?]` |
//! | Values | `[physical u32][uid u64]` | a string's bytes, or a stream's header |
//! | Index | `[physical u32][uid u64][page u64]` | up to 256 chunk references |
//! | Pending | `[physical u32][uid u64][group u32][id 16 bytes]` | `[consumer][delivered][deliveries][order]` |
//! | Chunks | `[epoch u32][physical u32][uid u64][base id 16 bytes]` | a chunk's bytes |

use crate::id::StreamId;

/// Prefix of everything of a physical database in Names, Values, Index and Pending.
pub fn database(physical: u32) -> Vec<u8> {
    physical.to_be_bytes().to_vec()
}

/// Prefix of all names with a hash.
pub fn names_of_hash(physical: u32, hash: u64) -> Vec<u8> {
    [&physical.to_be_bytes()[..], &hash.to_be_bytes()].concat()
}

/// One name.
pub fn name(physical: u32, hash: u64, name: &[u8]) -> Vec<u8> {
    [&physical.to_be_bytes()[..], &hash.to_be_bytes(), name].concat()
}

/// The hash and the name in a key of Names.
pub fn split_name(key: &[u8]) -> Option<(u64, &[u8])> {
    let hash = key.get(4..12)?.try_into().ok()?;
    Some((u64::from_be_bytes(hash), &key[12..]))
}

/// One value; also the prefix of its records in Index and Pending.
pub fn value(physical: u32, uid: u64) -> Vec<u8> {
    [&physical.to_be_bytes()[..], &uid.to_be_bytes()].concat()
}

/// One index page.
pub fn page(physical: u32, uid: u64, page: u64) -> Vec<u8> {
    [&value(physical, uid)[..], &page.to_be_bytes()].concat()
}

/// Prefix of the pending entries of one group.
pub fn group(physical: u32, uid: u64, group: u32) -> Vec<u8> {
    [&value(physical, uid)[..], &group.to_be_bytes()].concat()
}

/// One pending entry.
pub fn pending(physical: u32, uid: u64, number: u32, id: StreamId) -> Vec<u8> {
    [&group(physical, uid, number)[..], &id.to_be_bytes()].concat()
}

/// Bytes of the key of a pending entry.
pub(crate) const PENDING_BYTES: usize = 32;

/// The group and id in a key of Pending.
pub fn split_pending(key: &[u8]) -> Option<(u32, StreamId)> {
    let group = key.get(12..16)?.try_into().ok()?;
    let id = key.get(16..32)?.try_into().ok()?;
    Some((u32::from_be_bytes(group), StreamId::from_be_bytes(id)))
}

/// Prefix of all chunks of an epoch.
pub fn epoch(epoch: u32) -> Vec<u8> {
    epoch.to_be_bytes().to_vec()
}

/// Prefix of all chunks of a physical database in an epoch.
pub fn epoch_database(epoch: u32, physical: u32) -> Vec<u8> {
    [epoch.to_be_bytes(), physical.to_be_bytes()].concat()
}

/// One chunk.
pub fn chunk(epoch: u32, physical: u32, uid: u64, base: StreamId) -> Vec<u8> {
    [&epoch_database(epoch, physical)[..], &uid.to_be_bytes(), &base.to_be_bytes()].concat()
}

/// The first key behind everything that begins with `prefix`. No prefix here is all `0xff`.
pub fn after(mut prefix: Vec<u8>) -> Vec<u8> {
    while let Some(last) = prefix.pop() {
        if last < 0xff {
            prefix.push(last + 1);
            break;
        }
    }
    prefix
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_split_into_what_they_were_made_of() {
        let id = StreamId::new(5, u64::MAX);
        assert_eq!(split_name(&name(1, 77, b"key")), Some((77, &b"key"[..])));
        assert_eq!(split_pending(&pending(1, 2, 3, id)), Some((3, id)));
        assert_eq!(split_pending(b"short"), None);
    }

    #[test]
    fn after_is_behind_all_with_the_prefix() {
        assert_eq!(after(vec![1, 0xff]), vec![2]);
        assert!(chunk(7, u32::MAX, u64::MAX, StreamId::MAX) < after(epoch(7)));
        assert!(after(epoch(7)) <= chunk(8, 0, 0, StreamId::MIN));
    }
}
