//! What has to hold before an effect of a journal is applied. A command has checked it before it made the effect; here it is
//! damage, and the state must not be bent by it: everything else relies on these.
//!
//! Must never know: where the batch comes from.

use super::{Key, Store};
use crate::batch::Effect;
use crate::change::Change;
use crate::error::{Result, StorageError};
use crate::stream::Stream;

/// No number of a value, no count and no place is above this: what is added to one never overflows.
const MOST: u64 = i64::MAX as u64;
/// No string is longer.
const LONGEST: u64 = u32::MAX as u64;

impl Store {
    /// Whether an effect fits `found`, the key `name` that it is about.
    pub(super) fn check_fits(&self, db: u32, name: &[u8], found: Option<Key>, effect: &Effect<'_>) -> Result<()> {
        let fits = match effect {
            Effect::SetString { uid, .. } | Effect::Change(Change::Create { uid, .. }) => *uid < MOST,
            Effect::StreamCreate { uid } => *uid < MOST && found.is_none(),
            Effect::PatchString { offset, bytes } => {
                let end = offset.checked_add(bytes.len() as u64).filter(|end| *end <= LONGEST);
                end.is_some() && found.is_none_or(|key| self.string(key).is_some())
            }
            Effect::Lease { grace_ms, .. } => {
                grace_ms.is_none_or(|ms| ms < MOST) && found.is_none_or(|key| self.token(key).is_some())
            }
            Effect::Copy { db: to_db, name: to } => (*to_db, *to) != (db, name),
            _ => found.and_then(|key| self.stream(key)).is_none_or(|stream| fits_stream(stream, effect)),
        };
        if fits {
            Ok(())
        } else {
            Err(StorageError::corrupt("batch", format!("{effect:?} does not fit what is there")))
        }
    }
}

fn fits_stream(stream: &Stream, effect: &Effect<'_>) -> bool {
    let group = |number: &u32| stream.group_by_number(*number);
    match effect {
        Effect::Append { id, .. } => *id > stream.last_id,
        Effect::StreamCounters { added, .. } => *added < MOST,
        Effect::GroupCreate { group: number, name, passed, .. } => {
            *passed < MOST && group(number).is_none() && stream.group(name).is_none()
        }
        Effect::GroupCursor { passed, .. } | Effect::Deliver { passed, .. } => *passed < MOST,
        Effect::ConsumerAdd { group: number, consumer, name, .. } => group(number)
            .is_none_or(|group| group.consumer(*consumer).is_none() && group.consumer_number(name).is_none()),
        _ => true,
    }
}
