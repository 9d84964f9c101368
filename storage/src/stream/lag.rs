//! How far a group is: the exact lag, and the two numbers that Redis derives instead (`entries-read` and `lag`).
//!
//! Redis keeps no count of what lies behind a cursor. It counts deliveries as long as nothing was deleted ahead of the
//! cursor, and otherwise knows a position only at the ends of the stream. Clients see these numbers, so their rules
//! are kept to the letter here; [`exact_lag`] is what a broker should show. Pure: nothing here changes a stream.

use super::Stream;
use super::group::Group;
use crate::id::StreamId;

/// Exactly how many live entries the group has still to be given.
pub fn exact_lag(stream: &Stream, group: &Group) -> u64 {
    stream.len().saturating_sub(group.passed)
}

/// The lag as Redis answers it; `None` is its nil: it does not know.
pub fn reference_lag(stream: &Stream, group: &Group) -> Option<u64> {
    let first = stream.log.first_id();
    if stream.entries_added == 0 || stream.is_empty() {
        Some(0)
    } else if group.last_delivered < first && stream.max_deleted < first {
        Some(stream.len())
    } else {
        let counted = group.entries_read.filter(|_| !deleted_from(stream, group.last_delivered));
        let read = counted.or_else(|| position(stream, group.last_delivered))?;
        Some(stream.entries_added.saturating_sub(read))
    }
}

/// `entries-read` after the entry `id` was delivered to a group that had read `read` entries up to `last`.
pub fn read_after(stream: &Stream, last: StreamId, read: Option<u64>, id: StreamId) -> Option<u64> {
    match read {
        Some(n) if last >= stream.log.first_id() && !deleted_from(stream, last) => Some(n + 1),
        _ if stream.entries_added > 0 => position(stream, id),
        unchanged => unchanged,
    }
}

/// Whether something may have been deleted at `id` or behind it, so that counting on from there would be wrong.
fn deleted_from(stream: &Stream, id: StreamId) -> bool {
    !stream.is_empty() && stream.max_deleted != StreamId::MIN && id <= stream.max_deleted
}

/// How many entries were ever added up to `id`, where the counters alone tell.
fn position(stream: &Stream, id: StreamId) -> Option<u64> {
    let (first, added) = (stream.log.first_id(), stream.entries_added);
    if added == 0 {
        return Some(0);
    }
    if stream.is_empty() && id <= stream.last_id {
        return Some(added);
    }
    if id != StreamId::MIN && id < stream.max_deleted || id > stream.last_id {
        return None;
    }
    if id == stream.last_id {
        return Some(added);
    }
    let whole = stream.max_deleted == StreamId::MIN || stream.max_deleted < first;
    match id.cmp(&first) {
        std::cmp::Ordering::Less if whole => Some(added - stream.len().min(added)),
        std::cmp::Ordering::Equal if whole => Some(added - stream.len().min(added) + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Effect;
    use crate::stream::log::NodeLimits;

    fn id(ms: u64) -> StreamId {
        StreamId::new(ms, 1)
    }

    fn apply(stream: &mut Stream, effect: Effect<'_>) {
        stream.apply(&effect, NodeLimits::default()).unwrap();
    }

    /// A stream with the entries `1-1` to `n-1`.
    fn stream(n: u64) -> Stream {
        let mut stream = Stream::default();
        (1..=n).for_each(|ms| apply(&mut stream, Effect::Append { id: id(ms), packed: b"\0" }));
        stream
    }

    fn delete(stream: &mut Stream, ms: u64) {
        let first = if stream.log.first_id() == id(ms) { id(ms + 1) } else { stream.log.first_id() };
        apply(stream, Effect::DeleteEntry { id: id(ms), first });
    }

    fn group(last: StreamId, read: Option<u64>, passed: u64) -> Group {
        Group::new(1, last, read, passed)
    }

    #[test]
    fn a_new_group_knows_its_lag_at_both_ends_only() {
        let s = stream(5);
        assert_eq!(reference_lag(&s, &group(StreamId::MIN, None, 0)), Some(5));
        assert_eq!(reference_lag(&s, &group(id(1), None, 1)), Some(4));
        assert_eq!(reference_lag(&s, &group(id(2), None, 2)), None);
        assert_eq!(reference_lag(&s, &group(id(5), None, 5)), Some(0));
        assert_eq!(reference_lag(&s, &group(id(9), None, 5)), None);
        assert_eq!(exact_lag(&s, &group(id(2), None, 2)), 3);
    }

    #[test]
    fn a_deletion_ahead_takes_the_number_away() {
        let mut s = stream(5);
        let g = group(id(2), Some(2), 2);
        assert_eq!(reference_lag(&s, &g), Some(3));
        delete(&mut s, 4);
        assert_eq!(reference_lag(&s, &g), None);
        assert_eq!(exact_lag(&s, &g), 2);
        assert_eq!(reference_lag(&s, &group(id(5), Some(5), 4)), Some(0));
    }

    #[test]
    fn trimming_does_not_count_as_deletion() {
        let mut s = stream(5);
        apply(&mut s, Effect::Trim { first: id(3), removed: 2 });
        assert_eq!(reference_lag(&s, &group(StreamId::MIN, None, 0)), Some(3));
        assert_eq!(read_after(&s, StreamId::MIN, Some(0), id(3)), Some(3));
        assert_eq!(read_after(&s, id(3), Some(3), id(4)), Some(4));
    }

    #[test]
    fn nothing_left_is_no_lag() {
        let mut s = stream(2);
        apply(&mut s, Effect::Trim { first: id(3), removed: 2 });
        assert_eq!(reference_lag(&s, &group(StreamId::MIN, None, 0)), Some(0));
        assert_eq!(reference_lag(&Stream::default(), &group(id(9), Some(7), 0)), Some(0));
    }

    #[test]
    fn reading_counts_on_or_finds_its_place_again() {
        let mut s = stream(4);
        assert_eq!(read_after(&s, StreamId::MIN, None, id(1)), Some(1));
        assert_eq!(read_after(&s, id(1), Some(1), id(2)), Some(2));
        assert_eq!(read_after(&s, id(1), None, id(2)), None);
        delete(&mut s, 3);
        assert_eq!(read_after(&s, id(1), Some(1), id(2)), None);
        assert_eq!(read_after(&s, id(2), None, id(4)), Some(4));
    }

    #[test]
    fn an_entry_below_a_cursor_that_ran_ahead_is_passed() {
        let mut s = stream(1);
        apply(&mut s, Effect::GroupCreate { group: 1, name: b"g", last: id(9), read: None, passed: 1 });
        apply(&mut s, Effect::Append { id: id(5), packed: b"\0" });
        apply(&mut s, Effect::Append { id: id(10), packed: b"\0" });
        assert_eq!(exact_lag(&s, s.group(b"g").unwrap()), 1);
    }
}
