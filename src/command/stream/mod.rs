//! Verbs about streams. Shared arguments: `id.rs` (ids as they are typed), `trim.rs` (MAXLEN, MINID), `references.rs`
//! (KEEPREF, DELREF, ACKED), `read_args.rs` (XREAD and XREADGROUP). Shared work: `deletion.rs` (entries that go),
//! `group.rs` (verbs about groups).

pub mod deletion;
pub mod delivery;
pub mod group;
pub mod id;
pub mod read_args;
pub mod read_limits;
pub mod redelivery;
pub mod references;
pub mod retention;
pub mod trim;
pub mod xack;
pub mod xackdel;
pub mod xadd;
pub mod xautoclaim;
pub mod xcfgset;
pub mod xclaim;
pub mod xdel;
pub mod xdelex;
pub mod xgroup;
pub mod xidmprecord;
pub mod xinfo;
pub mod xlen;
pub mod xnack;
pub mod xpending;
pub mod xrange;
pub mod xread;
pub mod xreadgroup;
pub mod xrevrange;
pub mod xsetid;
pub mod xtrim;

use super::spec::Spec;
use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::log::{IdRange, Log};

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &xack::SPEC,
    &xackdel::SPEC,
    &xadd::SPEC,
    &xautoclaim::SPEC,
    &xcfgset::SPEC,
    &xclaim::SPEC,
    &xdel::SPEC,
    &xdelex::SPEC,
    &xgroup::SPEC,
    &xidmprecord::SPEC,
    &xinfo::SPEC,
    &xlen::SPEC,
    &xnack::SPEC,
    &xpending::SPEC,
    &xrange::SPEC,
    &xread::SPEC,
    &xreadgroup::SPEC,
    &xrevrange::SPEC,
    &xsetid::SPEC,
    &xtrim::SPEC,
];

/// From so many chunks on, a range is answered without copying its entries under the engine lock.
const MANY_CHUNKS: usize = 5;
/// A call that wants no more entries than this is never of that kind.
const FEW_ENTRIES: usize = 256;

/// Whether up to `count` entries of `range` are more than should be read at once.
fn many(log: &Log, range: IdRange, count: usize) -> bool {
    count > FEW_ENTRIES && log.chunks_in(range) >= MANY_CHUNKS
}

/// A live entry as it is answered.
fn entry_reply(entry: Entry, redelivery: Option<(i64, i64)>) -> Reply {
    Reply::Entry(Box::new(EntryReply { id: entry.id, fields: Some(entry.fields), redelivery }))
}
