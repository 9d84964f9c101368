//! What stands between a call and its execution, in the reference's order. Each gate is one small function.
//!
//! Verb and arity (`table.rs`), authentication, MULTI, access lists (`permission.rs`), slots of a cluster, memory, a slow disk, a full one, [replica],
//! subscriptions, work that holds the engine, pause.
//! Those in brackets come with their work, in this order.

use super::args::Args;
use super::error::{self, Refusal};
use super::permission;
use super::server::shutdown;
use super::slots;
use super::spec::{Flag, Spec};
use crate::broker::Engine;
use crate::broker::client::ClientId;
use crate::broker::pressure::Waiting;

/// How long a write waits before it asks for memory again.
const PRESSED_MS: i64 = 10;

/// How long a call waits at most before it looks again whether the engine is free.
const HELD_MS: u64 = 20;

/// A batch of this size takes no more calls.
const LARGEST_BATCH: usize = 1 << 30;

/// Why a call does not run now.
pub enum Stop {
    /// It is refused.
    Refused(Refusal),
    /// It has to wait until this time (Unix milliseconds).
    Paused(i64),
}

/// Passes a call, or says why not.
pub fn check(engine: &mut Engine, client: ClientId, spec: &'static Spec, args: Args<'_>) -> Result<(), Stop> {
    let unrestricted = authenticated(engine, client, spec).map_err(Stop::Refused)?;
    let demands = Demands::of(engine, client, spec);
    if spec.has(Flag::NoMulti) && in_transaction(engine, client) {
        return Err(Stop::Refused(error::transaction::NOT_IN_MULTI));
    }
    if !unrestricted {
        permission::check(engine, client, spec, args).map_err(Stop::Refused)?;
    }
    if engine.cluster.is_some() {
        in_one_slot(engine, client, spec, args).map_err(Stop::Refused)?;
    }
    has_memory(engine, demands)?;
    disk_keeps_up(engine, demands)?;
    can_write(engine, demands)?;
    may_while_listening(engine, client, spec)?;
    may_while_monitoring(engine, client, spec)?;
    free(engine, spec, args)?;
    paused(engine, spec, demands)
}

/// Unfinished work holds the engine: a call waits for its end, but not for long.
fn free(engine: &Engine, spec: &Spec, args: Args<'_>) -> Result<(), Stop> {
    match engine.held_ms() {
        None => Ok(()),
        Some(_) if spec.has(Flag::AllowBusy) && !(runs_script(engine) && shutdown::is_gentle(spec, args)) => Ok(()),
        Some(ms) if ms < engine.config.busy_reply_threshold_ms => {
            // What took long will: many who wait must not keep it from ending.
            let rest_ms = (ms / 4).clamp(1, HELD_MS) as i64;
            Err(Stop::Paused(engine.clock.now_ms() + rest_ms))
        }
        Some(_) => Err(Stop::Refused(busy(engine))),
    }
}

fn runs_script(engine: &Engine) -> bool {
    #[cfg(feature = "scripting")]
    if engine.scripts.running.is_some() {
        return true;
    }
    let _ = engine;
    false
}

/// What somebody who meets held work is told he may do.
fn busy(engine: &Engine) -> Refusal {
    #[cfg(feature = "scripting")]
    if engine.scripts.running.as_ref().is_some_and(|running| running.function.is_some()) {
        return error::script::BUSY_FUNCTION;
    }
    let _ = engine;
    error::BUSY
}

/// What a call needs of the broker. EXEC needs what its queue needs.
#[derive(Clone, Copy)]
struct Demands {
    memory: bool,
    writes: bool,
    /// It may write: what waits and what is paused looks at this.
    may_write: bool,
}

impl Demands {
    fn of(engine: &Engine, client: ClientId, spec: &Spec) -> Demands {
        if !spec.has(Flag::RunsQueue) {
            return Demands {
                memory: spec.has(Flag::Denyoom),
                writes: spec.kind.writes(),
                may_write: spec.kind.may_write(),
            };
        }
        let transaction = engine.clients.get(client).and_then(|c| c.transaction.as_ref());
        let (memory, writes) = transaction.map_or((false, false), |t| (t.wants_memory, t.writes));
        Demands { memory, writes, may_write: writes || transaction.is_some_and(|t| t.may_write) }
    }
}

fn in_transaction(engine: &Engine, client: ClientId) -> bool {
    engine.clients.get(client).is_some_and(|c| c.transaction.is_some())
}

/// Whether its user may do everything: what almost everybody has to be asked about access lists.
#[inline]
fn authenticated(engine: &Engine, client: ClientId, spec: &Spec) -> Result<bool, Refusal> {
    let client = engine.clients.get(client);
    let (passed, unrestricted) = client.map_or((true, true), |c| (c.authenticated, c.unrestricted));
    // A password that was taken away asks nobody any more.
    if passed || spec.has(Flag::NoAuth) || engine.access.users.is_open() {
        return Ok(unrestricted);
    }
    Err(error::NOAUTH)
}

/// In a cluster all keys of a call are in one slot, also all those of a transaction: elsewhere they would be on several nodes.
fn in_one_slot(engine: &Engine, client: ClientId, spec: &Spec, args: Args<'_>) -> Result<(), Refusal> {
    let crossed = match spec.has(Flag::RunsQueue) {
        true => engine.clients.get(client).and_then(|c| c.transaction.as_ref()).is_some_and(|t| t.crossed),
        false => slots::of_call(spec, args).is_err(),
    };
    if crossed { Err(error::cluster::CROSS_SLOT) } else { Ok(()) }
}

/// Memory is above the budget and cannot be given back: see [`crate::broker::budget::MemoryState`].
/// Memory that only has to settle first makes a write wait, so that nobody fills it faster than the disk empties it.
fn has_memory(engine: &Engine, demands: Demands) -> Result<(), Stop> {
    if demands.memory && engine.is_out_of_memory() {
        Err(Stop::Refused(error::OOM))
    } else if (demands.memory || (demands.may_write && !demands.writes)) && engine.memory.pressed {
        Err(Stop::Paused(engine.clock.now_ms() + PRESSED_MS))
    } else {
        Ok(())
    }
}

/// The disk is behind: see [`crate::broker::pressure`]. Writes wait as they do for memory.
#[inline]
fn disk_keeps_up(engine: &mut Engine, demands: Demands) -> Result<(), Stop> {
    if !demands.may_write {
        return Ok(());
    }
    let waits = match engine.tasks.sync().pressure.look().0 {
        Waiting::Nobody => false,
        Waiting::Growth => demands.memory || !demands.writes,
        Waiting::Writes => true,
    };
    if waits {
        engine.stats.delayed_writes += 1;
        return Err(Stop::Paused(engine.clock.now_ms() + PRESSED_MS));
    }
    Ok(())
}

/// The disk takes nothing: see [`Engine::write_trouble`].
/// A batch that is large already goes to the journal first: one record holds 4 GiB at most.
fn can_write(engine: &Engine, demands: Demands) -> Result<(), Stop> {
    match &engine.write_trouble {
        Some(why) if demands.writes => Err(Stop::Refused(error::write_trouble(why))),
        _ if demands.may_write && engine.store.uncommitted_bytes() >= LARGEST_BATCH => {
            Err(Stop::Paused(engine.clock.now_ms()))
        }
        _ => Ok(()),
    }
}

/// A RESP2 connection that listens cannot tell messages from replies, so it may call little else.
fn may_while_listening(engine: &Engine, client: ClientId, spec: &Spec) -> Result<(), Stop> {
    if engine.pubsub.is_empty() || spec.has(Flag::WhileListening) || !engine.is_listening(client) {
        return Ok(());
    }
    Err(Stop::Refused(error::pubsub::cannot_now(spec.name)))
}

/// Who sees all calls does not touch keys; the reference treats it as a replica.
fn may_while_monitoring(engine: &Engine, client: ClientId, spec: &Spec) -> Result<(), Stop> {
    let touches = spec.kind.reads() || spec.kind.writes() || spec.has(Flag::HeldByPause);
    if engine.is_monitored() && touches && engine.clients.get(client).is_some_and(|c| c.monitor) {
        return Err(Stop::Refused(error::server::MONITOR_READS));
    }
    Ok(())
}

fn paused(engine: &mut Engine, spec: &Spec, demands: Demands) -> Result<(), Stop> {
    let Some(pause) = engine.pause else { return Ok(()) };
    if engine.clock.now_ms() >= pause.until_ms {
        engine.pause = None;
        return Ok(());
    }
    let held = (pause.all && spec.name != "client|unpause") || demands.may_write || spec.has(Flag::HeldByPause);
    if held { Err(Stop::Paused(pause.until_ms)) } else { Ok(()) }
}
