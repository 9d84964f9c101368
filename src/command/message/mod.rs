//! Verbs about single messages of a group: what XACK, XNACK and XCLAIM cannot say. No such verb exists in Redis.
//!
//! They name the consumer: what it does not own any more it cannot acknowledge, give back or keep. `-` stands for whoever
//! owns the entry. The epoch is that of a member of a managed group; a consumer of a plain one has none and says -1.

mod ack;
mod nack;
mod release;
mod touch;

use super::args::Args;
use super::error::{self, Refusal};
use super::number;
use super::spec::Spec;
use super::stream::group::InGroup;
use super::stream::id;
use crate::broker::Ctx;
use brooklet_storage::StreamId;
use brooklet_storage::stream::pending::{NOBODY, Pending};

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&ack::SPEC, &nack::SPEC, &release::SPEC, &touch::SPEC];

/// Whoever owns the entry.
const ANYBODY: &[u8] = b"-";

/// Ids, each once, in order.
fn ids(args: Args<'_>) -> Result<Vec<StreamId>, Refusal> {
    let mut ids = id::list(args)?;
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Checks the epoch of a consumer of a plain group.
fn epoch(text: &[u8]) -> Result<(), Refusal> {
    if number::arg(text)? == -1 { Ok(()) } else { Err(error::policy::STALE_EPOCH) }
}

/// Those of the entries that are under way at `consumer`.
fn owned_by(ctx: &Ctx<'_>, at: InGroup, consumer: &[u8], ids: &[StreamId]) -> Vec<(StreamId, Pending)> {
    let group = at.of(ctx);
    let number = group.consumer_number(consumer);
    let is_owner = |pending: &Pending| match consumer {
        ANYBODY => pending.consumer != NOBODY,
        _ => Some(pending.consumer) == number,
    };
    let pending = ids.iter().filter_map(|id| group.pending.get(*id).map(|pending| (*id, pending)));
    pending.filter(|(_, pending)| is_owner(pending)).collect()
}
