//! WAITAOF: waits until everything executed so far is synced to this server's disk (numlocal 1), and says what is.
//!
//! Under `appendfsync everysec` it asks for a sync at once instead of waiting for the next second. The call parks with
//! its ticket, so that later writes do not move the goal. There are no replicas, so waiting for one ends by its timeout.

use super::wait::timeout_ms;
use crate::broker::Ctx;
use crate::broker::wait::{EACH_TICK, Park};
use crate::command::args::Args;
use crate::command::args::OwnedArgs;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::id::parse_u64;
use std::sync::atomic::Ordering;

/// WAITAOF.
pub static SPEC: Spec = Spec {
    name: "waitaof",
    summary: "Waits until everything that was written is synced.",
    since: "7.2.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 4,
    flags: &[],
    keys: Keys::None,
    syntax: "numlocal numreplicas timeout",
    kind: Kind::Blocking(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq)]
struct Wanted {
    local: bool,
    replicas: bool,
    timeout_ms: u64,
}

fn parse(args: Args<'_>) -> Result<Wanted, Refusal> {
    let local = number::arg(args.at(1))?;
    if !(0..=1).contains(&local) {
        return Err(error::server::NUMLOCAL_RANGE);
    }
    let replicas = number::integer_or(args.at(2), error::NOT_POSITIVE)?;
    if replicas < 0 {
        return Err(error::NOT_POSITIVE);
    }
    Ok(Wanted { local: local == 1, replicas: replicas > 0, timeout_ms: timeout_ms(args.at(3))? })
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let wanted = parse(args)?;
    if wanted.local && !ctx.engine.is_durable {
        return Err(error::server::WAITAOF_VOLATILE);
    }
    let ticket = args.get(4).and_then(parse_u64).unwrap_or_else(|| ctx.engine.ticket());
    let tasks = &ctx.engine.tasks;
    let synced = ctx.engine.is_durable && tasks.sync().synced.load(Ordering::Acquire) >= ticket;
    let answer = Reply::Array(vec![Reply::Integer(synced.into()), Reply::Integer(0)]);
    let missing_local = wanted.local && !synced;
    if !missing_local && !wanted.replicas {
        return Ok(answer);
    }
    if missing_local {
        tasks.request_sync(ticket);
    }
    let number = ticket.to_string();
    Err(Refusal::Park(Box::new(Park {
        keys: Vec::new(),
        timeout_ms: wanted.timeout_ms,
        look_again_ms: missing_local.then_some(EACH_TICK),
        queue: None,
        rewritten: Some(OwnedArgs::collect(args.iter().take(4).chain([number.as_bytes()]))),
        at_once: answer.clone(),
        empty: answer,
    })))
}
