//! What the verbs about scripts do.

use super::host;
use crate::broker::Ctx;
use crate::broker::scripts::Refused;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::slots;
use crate::reply::Reply;
use crate::script::Declared;

/// Where a script comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The argument is its text.
    Text,
    /// The argument is the SHA-1 of its text.
    Sha,
}

type Answer = Result<Reply, Refusal>;

/// EVAL and its kin.
pub fn eval(ctx: &mut Ctx<'_>, args: Args<'_>, source: Source, read_only: bool) -> Answer {
    ctx.engine.show_early(ctx.client, args);
    if source == Source::Sha && args.at(1).len() != 40 {
        return Err(error::script::NOSCRIPT);
    }
    let keys = number_of_keys(args, error::NOT_INTEGER)?;
    let script = match source {
        Source::Text => ctx.engine.scripts.of_text(args.at(1)).map_err(refused)?,
        Source::Sha => ctx.engine.scripts.of_sha(args.at(1)).ok_or(error::script::NOSCRIPT)?,
    };
    let (keys, rest) = (args.from(3).up_to(keys), args.from(3 + keys));
    let terms = terms(ctx, script.declared(), keys, read_only)?;
    ctx.all_warm(keys.iter())?;
    let run = ctx.engine.scripts.begin(script, keys, rest).map_err(refused)?;
    host::start(ctx, run, terms, None)
}

/// FCALL and FCALL_RO.
pub fn call(ctx: &mut Ctx<'_>, args: Args<'_>, read_only: bool) -> Answer {
    ctx.engine.show_early(ctx.client, args);
    let found = ctx.engine.functions().and_then(|functions| functions.find(args.at(1)));
    let function = found.map_err(refused)?.ok_or(error::script::FUNCTION_NOT_FOUND)?;
    let keys = number_of_keys(args, error::script::BAD_KEYS)?;
    let (keys, rest) = (args.from(3).up_to(keys), args.from(3 + keys));
    let terms = terms(ctx, function.declared, keys, read_only)?;
    ctx.all_warm(keys.iter())?;
    let run = ctx.engine.functions.begin(&function, keys, rest).map_err(refused)?;
    host::start(ctx, run, terms, Some((function.name, args)))
}

/// What a script may do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms {
    /// It must not write.
    pub read_only: bool,
    /// It may write although memory is short.
    pub allow_oom: bool,
    /// In a cluster: all of its keys are in one slot.
    pub one_slot: bool,
    /// That slot, if it is known before it runs.
    pub slot: Option<u16>,
}

fn number_of_keys(args: Args<'_>, wrong: Refusal) -> Result<usize, Refusal> {
    let keys = number::integer_or(args.at(2), wrong)?;
    match usize::try_from(keys) {
        Err(_) => Err(error::script::NEGATIVE_KEYS),
        Ok(keys) if keys > args.len() - 3 => Err(error::script::TOO_MANY_KEYS),
        Ok(keys) => Ok(keys),
    }
}

/// What the script says of itself is checked before it runs; what an older one does, call by call.
fn terms(ctx: &Ctx<'_>, declared: Declared, keys: Args<'_>, read_only: bool) -> Result<Terms, Refusal> {
    let in_cluster = ctx.engine.cluster.is_some();
    if in_cluster && declared.no_cluster {
        return Err(error::script::NO_CLUSTER);
    }
    if declared.any && !declared.no_writes {
        if read_only {
            return Err(error::script::NOT_READ_ONLY);
        }
        if let Some(why) = &ctx.engine.write_trouble {
            return Err(error::write_trouble(why));
        }
    }
    if declared.any && !declared.allow_oom && !declared.no_writes && ctx.engine.is_out_of_memory() {
        return Err(error::script::OOM_FLAG);
    }
    let allow_oom = declared.allow_oom || declared.no_writes;
    let one_slot = in_cluster && declared.any && !declared.cross_slot;
    let slot = if one_slot { known_slot(ctx, keys) } else { None };
    Ok(Terms { read_only: read_only || declared.no_writes, allow_oom, one_slot, slot })
}

/// The slot of the keys that a script is given, else that of the transaction it is in. (The gate saw that they are in one.)
fn known_slot(ctx: &Ctx<'_>, keys: Args<'_>) -> Option<u16> {
    let transaction = || ctx.engine.clients.get(ctx.client)?.transaction.as_ref()?.slot;
    keys.get(0).map(slots::of).or_else(transaction)
}

pub(super) fn refused(refused: Refused) -> Refusal {
    match refused {
        Refused::Problem(line) => error::script::problem(line),
        Refused::Full => error::script::CACHE_FULL,
    }
}

/// SCRIPT LOAD.
pub fn load(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let sha = ctx.engine.scripts.load(args.at(2)).map_err(refused)?;
    Ok(Reply::bulk(sha))
}

/// SCRIPT EXISTS.
pub fn exists(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let known = |sha: &[u8]| Reply::Integer(ctx.engine.scripts.knows(sha).into());
    Ok(Reply::Array(args.from(2).iter().map(known).collect()))
}

/// Whether the argument of a flush, if there is one, is SYNC or ASYNC.
pub(super) fn is_flush_mode(args: Args<'_>) -> bool {
    let is_mode = |word: &[u8]| word.eq_ignore_ascii_case(b"sync") || word.eq_ignore_ascii_case(b"async");
    args.get(2).is_none_or(is_mode)
}

/// SCRIPT FLUSH.
pub fn flush(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if args.len() > 3 || !is_flush_mode(args) {
        return Err(error::script::FLUSH_OPTION);
    }
    ctx.engine.scripts.flush();
    Ok(Reply::OK)
}

/// SCRIPT KILL.
pub fn kill(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    end_running(ctx, false)
}

/// FUNCTION KILL.
pub fn function_kill(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    end_running(ctx, true)
}

fn end_running(ctx: &mut Ctx<'_>, function: bool) -> Answer {
    match ctx.engine.scripts.running.as_mut() {
        None => Err(error::script::NOT_BUSY),
        Some(running) if running.wrote => Err(error::script::UNKILLABLE),
        Some(running) if running.function.is_some() != function => {
            Err(if function { error::BUSY } else { error::script::BUSY_FUNCTION })
        }
        Some(running) => {
            running.killed = true;
            Ok(Reply::OK)
        }
    }
}

/// SCRIPT DEBUG.
pub fn debug(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let mode = args.at(2).to_ascii_lowercase();
    match &*mode {
        b"no" => Ok(Reply::OK),
        b"yes" | b"sync" => Err(error::script::NO_DEBUGGER),
        _ => Err(error::script::DEBUG_OPTION),
    }
}

#[path = "libraries.rs"]
mod libraries;
pub use libraries::*;
