//! DEBUG: what tests of clients need of a server, behind `enable-debug-command`. The subcommands are no verbs of their
//! own, as in the reference; unknown ones share an error with wrong numbers of arguments.

mod object;
mod protocol;

use super::save::wait_for_checkpoint;
use crate::broker::Ctx;
use crate::broker::client::Client;
use crate::broker::errand::Errand;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::config::DebugAccess;
use crate::reply::Reply;
use std::time::Duration;

/// DEBUG.
pub static SPEC: Spec = Spec {
    name: "debug",
    summary: "Does things that only tests need.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "subcommand [argument [argument ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    allowed(ctx)?;
    match (args.at(1).to_ascii_uppercase().as_slice(), args.len()) {
        (b"SLEEP", 3) => sleep(args.at(2)),
        (b"SET-ACTIVE-EXPIRE", 3) => {
            ctx.engine.stats.active_expire = args.at(2) != b"0";
            Ok(Reply::OK)
        }
        (b"OBJECT", 3..) => object::run(ctx, args.at(2)),
        (b"PROTOCOL", 3) => protocol::run(args.at(2)),
        (b"RELOAD" | b"LOADAOF", _) => reload(ctx, args),
        (b"HELP", 2) => Ok(help()),
        _ => Err(error::server::unknown_debug(args.at(1))),
    }
}

fn allowed(ctx: &Ctx<'_>) -> Result<(), Refusal> {
    let local = || ctx.engine.clients.get(ctx.client).is_some_and(Client::is_local);
    match ctx.engine.config.enable_debug_command {
        DebugAccess::Yes => Ok(()),
        DebugAccess::Local if local() => Ok(()),
        _ => Err(error::server::DEBUG_DISABLED),
    }
}

/// Nobody is served meanwhile, as if the server hung.
fn sleep(seconds: &[u8]) -> Result<Reply, Refusal> {
    let seconds = number::float(seconds).unwrap_or(0.0).clamp(0.0, 3600.0);
    Err(Refusal::Errand(Errand::StandStill(Duration::from_secs_f64(seconds))))
}

/// A checkpoint, and then everything that is on disk is dropped from memory: what is read next comes from there.
fn reload(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    wait_for_checkpoint(ctx, args, 2)?;
    if ctx.engine.is_durable {
        let store = &mut ctx.engine.store;
        store.evict_chunks(0, usize::MAX);
        store.evict_objects((0, 0), OBJECTS_LOOKED_AT, i64::MAX, usize::MAX);
    }
    Ok(Reply::OK)
}

/// Enough for any test, and bounded.
const OBJECTS_LOOKED_AT: usize = 1_000_000;

fn help() -> Reply {
    let lines = [
        "DEBUG <subcommand> [<argument> ...]:",
        "SLEEP <seconds>",
        "    Serves nobody for a while.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Switches the deletion of expired keys in the background off or on.",
        "OBJECT <key>",
        "    Describes a value.",
        "PROTOCOL <string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false>",
        "    Answers a reply of that type.",
        "RELOAD, LOADAOF",
        "    Makes a checkpoint and drops from memory what is on disk.",
        "HELP",
        "    Lists the subcommands.",
    ];
    Reply::Array(lines.into_iter().map(|line| Reply::Status(line.into())).collect())
}
