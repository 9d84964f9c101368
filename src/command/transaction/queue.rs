//! What becomes of a call of a client that is in MULTI: it is queued, or its refusal spoils the transaction.
//!
//! The queue and the watched keys of a client together are bounded like its input, as in the reference: one that goes
//! beyond is disconnected without an answer.

use crate::broker::client::{ClientId, ReplyMode};
use crate::broker::transaction::queued_bytes;
use crate::broker::{Engine, Executed};
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::slots;
use crate::command::spec::{Flag, Spec};
use crate::reply::Reply;

/// Queues a call that passed the gates, if its client is in MULTI and the verb does not run at once.
#[inline]
pub fn take(engine: &mut Engine, client: ClientId, spec: &'static Spec, args: Args<'_>) -> Option<Executed> {
    let c = engine.clients.get(client)?;
    if c.transaction.is_none() || spec.has(Flag::Unqueued) {
        return None;
    }
    if !keep_in_bounds(engine, client, queued_bytes(args)) {
        return Some(Executed::Reply(Reply::Null));
    }
    let slot = engine.cluster.as_ref().and_then(|_| slots::of_call(spec, args).ok().flatten());
    let c = engine.clients.get_mut(client)?;
    let transaction = c.transaction.as_mut()?;
    transaction.push(spec, args);
    // What EXEC will not run cannot be in the wrong place, either.
    if let Some(slot) = slot.filter(|_| !transaction.spoilt && !c.watch_broken) {
        transaction.note_slot(slot);
    }
    Some(Executed::Reply(Reply::Status("QUEUED".into())))
}

/// A call was refused before it could run: that spoils the transaction its client is in. EXEC itself ends it, and has a
/// line of its own for that, but for what clients of a cluster act on; MONITOR shows it.
pub fn refused(
    engine: &mut Engine,
    client: ClientId,
    spec: Option<&'static Spec>,
    args: Args<'_>,
    refusal: Refusal,
) -> Refusal {
    if let (Refusal::Wire(line), true) = (&refusal, spec.is_some_and(|spec| spec.has(Flag::RunsQueue))) {
        let line = error::transaction::aborted_by(line);
        engine.discard(client);
        engine.show_early(client, args);
        return line;
    }
    if let Some(transaction) = engine.clients.get_mut(client).and_then(|c| c.transaction.as_mut()) {
        transaction.spoilt = true;
    }
    refusal
}

/// Whether the client has room for `more` bytes; disconnects it if not.
pub fn keep_in_bounds(engine: &mut Engine, client: ClientId, more: usize) -> bool {
    let watched = engine.watches.bytes_of(client);
    let limit = engine.config.client_query_buffer_limit;
    let Some(c) = engine.clients.get_mut(client) else { return false };
    let held = c.queued_bytes() + watched + more;
    if held as u64 <= limit {
        return true;
    }
    (c.reply_mode, c.killed) = (ReplyMode::Off, true);
    engine.stats.query_limit_disconnections += 1;
    engine.discard(client);
    false
}
