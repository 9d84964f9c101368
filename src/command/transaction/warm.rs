//! Bringing into memory what a transaction needs, before its first call changes anything.
//!
//! A call that misses something runs again from its start once that is loaded. A transaction cannot: its first calls
//! have taken effect, others must not see that, and the lock is not held while a disk is read. So all keys are asked
//! for first, in one load. If a call behind the first change may then still need something, old entries of a stream, the
//! queue is *rehearsed* on copies ([`Rehearsal`]) under the same hold of the lock: what the rehearsal misses is loaded,
//! and all begins anew. A rehearsal that misses nothing is followed by the real run at once, so that cannot either.
//!
//! Most transactions need no rehearsal: see [`may_need_disk`]. docs/decisions/0004-transactions.md says what was refused.

use crate::broker::Engine;
use crate::broker::client::ClientId;
use crate::broker::transaction::Queued;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::number;
use crate::command::spec::{Flag, Keys, Spec};
use brooklet_storage::load::Missing;
use brooklet_storage::rehearsal::{OnDisk, Rehearsal};

/// Whether a call may run twice: it changes nothing but the selected database.
pub fn is_repeatable(spec: &Spec) -> bool {
    spec.kind.reads() || selects(spec)
}

fn selects(spec: &Spec) -> bool {
    spec.name == "select"
}

/// Fails with what must be loaded before `calls` can run.
pub fn up(engine: &mut Engine, client: ClientId, calls: &[Queued]) -> Result<(), Missing> {
    // One call that misses something has changed nothing yet.
    if engine.store.is_volatile() || calls.len() < 2 {
        return Ok(());
    }
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    if look_over(engine, db, calls)? { rehearse(engine, client, calls) } else { Ok(()) }
}

/// Asks for all keys, a load for each database; then whether anything else may be missed behind the first change.
fn look_over(engine: &Engine, db: u32, calls: &[Queued]) -> Result<bool, Missing> {
    let mut selected = db;
    let mut names: Vec<(u32, Vec<&[u8]>)> = Vec::new();
    let (mut changed, mut moved, mut rehearse) = (false, false, false);
    for queued in calls {
        let (spec, args) = (queued.spec, queued.call.as_args());
        if selects(spec) {
            selected = target(engine, args).unwrap_or(selected);
        }
        let keys = keys_of(spec, args);
        rehearse |= changed && may_need_disk(engine, selected, spec, args, keys.as_deref());
        // What was looked at above is then no longer what the call will find.
        rehearse |= moved && spec.keys != Keys::None;
        changed |= !is_repeatable(spec);
        moved |= spec.has(Flag::MovesKeys);
        match names.iter_mut().find(|(db, _)| *db == selected) {
            Some((_, list)) => list.extend(keys.unwrap_or_default()),
            None => names.push((selected, keys.unwrap_or_default())),
        }
    }
    names.into_iter().try_for_each(|(db, names)| engine.store.all_warm(db, names))?;
    Ok(rehearse)
}

/// The database that a SELECT chooses, if there is one.
fn target(engine: &Engine, args: Args<'_>) -> Option<u32> {
    let db = number::integer(args.at(1)).and_then(|n| u32::try_from(n).ok())?;
    (db < engine.store.databases()).then_some(db)
}

/// The keys of a call; none if that is not clear.
fn keys_of<'a>(spec: &Spec, args: Args<'a>) -> Option<Vec<&'a [u8]>> {
    // A group may be called STREAMS, too.
    let words = || args.iter().filter(|arg| arg.eq_ignore_ascii_case(b"STREAMS")).count();
    if spec.keys == Keys::Streams && words() > 1 {
        return None;
    }
    let positions = spec.keys.positions(args).ok()?;
    Some(positions.into_iter().map(|at| args.at(at)).collect())
}

/// Whether a call may miss something once its keys are in memory. It may say yes too often, never no too often.
fn may_need_disk(engine: &Engine, db: u32, spec: &Spec, args: Args<'_>, keys: Option<&[&[u8]]>) -> bool {
    let Some(keys) = keys else { return true };
    let trims = || args.iter().any(|arg| arg.eq_ignore_ascii_case(b"MAXLEN") || arg.eq_ignore_ascii_case(b"MINID"));
    let has_entries = |name: &&[u8]| engine.store.on_disk(db, name) == OnDisk::Entries;
    spec.has(Flag::WalksNames)
        || spec.has(Flag::MovesKeys)
        || (keys.iter().any(has_entries) && (!spec.has(Flag::LeavesEntries) || trims()))
}

/// Runs the calls on copies, to see whether they miss anything. Only what such a call may change beside the store is
/// kept and put back: the selected database, and how often keys were found.
fn rehearse(engine: &mut Engine, client: ClientId, calls: &[Queued]) -> Result<(), Missing> {
    let mut rehearsal = Rehearsal::of(&engine.store);
    let found = (engine.stats.hits, engine.stats.misses);
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    let outcome = calls.iter().try_for_each(|queued| rehearse_one(engine, client, queued, &mut rehearsal));
    (engine.stats.hits, engine.stats.misses) = found;
    if let Some(c) = engine.clients.get_mut(client) {
        c.db = db;
    }
    outcome
}

fn rehearse_one(
    engine: &mut Engine,
    client: ClientId,
    queued: &Queued,
    rehearsal: &mut Rehearsal,
) -> Result<(), Missing> {
    let (spec, args) = (queued.spec, queued.call.as_args());
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    if spec.has(Flag::WalksNames) {
        let read = engine.names.get(&client).map_or(&[][..], Vec::as_slice);
        return rehearsal.can_walk(&engine.store, db, read);
    }
    if !spec.kind.writes() && !is_repeatable(spec) {
        return Ok(());
    }
    if let Some(Err(missing)) = keys_of(spec, args).map(|keys| rehearsal.store.all_warm(db, keys)) {
        rehearsal.supply(&engine.store, missing)?;
    }
    let now_ms = engine.store.now_ms;
    loop {
        std::mem::swap(&mut engine.store, &mut rehearsal.store);
        let outcome = engine.run(client, db, spec, args, now_ms);
        std::mem::swap(&mut engine.store, &mut rehearsal.store);
        match outcome {
            Err(Refusal::Missing(missing)) if rehearsal.supply(&engine.store, missing.clone())? => {}
            _ => return Ok(()),
        }
    }
}
