//! How much a group has still to be given, as the reference reckons it: from counters, and not always known.

use super::Stream;
use super::group::Group;
use crate::id::StreamId;

/// The reference's lag of a group; `None` = it cannot tell.
pub fn reference_lag(stream: &Stream, group: &Group) -> Option<u64> {
    let first = stream.log.first_id();
    if stream.entries_added == 0 || stream.is_empty() {
        return Some(0);
    }
    if group.last_delivered < first && stream.max_deleted < first {
        return Some(stream.len());
    }
    let tombstone = stream.max_deleted != StreamId::MIN && group.last_delivered <= stream.max_deleted;
    match group.entries_read {
        Some(read) if !tombstone => Some(stream.entries_added.saturating_sub(read)),
        _ => estimate(stream, group.last_delivered).map(|d| stream.entries_added.saturating_sub(d)),
    }
}

/// How many entries were ever added up to `id`, where counters tell.
fn estimate(stream: &Stream, id: StreamId) -> Option<u64> {
    let (first, added) = (stream.log.first_id(), stream.entries_added);
    if added == 0 || (stream.is_empty() && id <= stream.last_id) {
        return Some(added);
    }
    if (id != StreamId::MIN && id < stream.max_deleted) || id > stream.last_id {
        return None;
    }
    if id == stream.last_id {
        return Some(added);
    }
    let undisturbed = stream.max_deleted == StreamId::MIN || stream.max_deleted < first;
    match id.cmp(&first) {
        std::cmp::Ordering::Less if undisturbed => Some(added.saturating_sub(stream.len())),
        std::cmp::Ordering::Equal if undisturbed => Some((added + 1).saturating_sub(stream.len())),
        _ => None,
    }
}
