//! Verbs about streams. Shared arguments: `id.rs` (ids as they are typed), `trim.rs` (MAXLEN, MINID), `read_args.rs`
//! (XREAD and XREADGROUP). Shared by verbs about groups: `group.rs`.

pub mod delivery;
pub mod group;
pub mod id;
pub mod read_args;
pub mod read_limits;
pub mod trim;
pub mod xack;
pub mod xadd;
pub mod xautoclaim;
pub mod xclaim;
pub mod xgroup;
pub mod xlen;
pub mod xnack;
pub mod xpending;
pub mod xread;
pub mod xreadgroup;

use super::spec::Spec;
use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::chunk::Entry;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &xack::SPEC,
    &xadd::SPEC,
    &xautoclaim::SPEC,
    &xclaim::SPEC,
    &xgroup::SPEC,
    &xlen::SPEC,
    &xnack::SPEC,
    &xpending::SPEC,
    &xread::SPEC,
    &xreadgroup::SPEC,
];

/// A live entry as it is answered.
fn entry_reply(entry: Entry, redelivery: Option<(i64, i64)>) -> Reply {
    Reply::Entry(Box::new(EntryReply { id: entry.id, fields: Some(entry.fields), redelivery }))
}
