//! Entries in replies.

use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::chunk::Entry;

/// One entry: `[id, [field, value, ...]]`.
pub fn reply(entry: Entry) -> Reply {
    Reply::Entry(Box::new(EntryReply { id: entry.id, fields: Some(entry.fields), redelivery: None }))
}

/// A list of entries.
pub fn replies(entries: Vec<Entry>) -> Reply {
    Reply::Array(entries.into_iter().map(reply).collect())
}
