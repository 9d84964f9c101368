//! SAVE: makes a checkpoint and a backup of it, and answers when that is complete. Nobody else is held up meanwhile. Without
//! a disk there is nothing to do.
//!
//! The call parks with the number of its request and looks again until that number is served; the first run has no
//! number, so it is told apart by the number of its arguments.

use crate::broker::Ctx;
use crate::broker::wait::{EACH_TICK, Park};
use crate::command::args::Args;
use crate::command::args::OwnedArgs;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::id::parse_u64;

/// SAVE.
pub static SPEC: Spec = Spec {
    name: "save",
    summary: "Makes a checkpoint and a backup of it, and waits for both.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N) for N objects that changed since the last one",
    arity: 1,
    flags: &[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading, Flag::NoMulti],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if !ctx.engine.is_durable {
        return Ok(Reply::OK);
    }
    let backups = ctx.engine.tasks.backups();
    let request = args.get(1).and_then(parse_u64).unwrap_or_else(|| ctx.engine.tasks.request_backup());
    if backups.served() < request {
        return Err(look_again(args, 1, request));
    }
    let has_failed = backups.last().is_some_and(|backup| backup.name.is_err());
    if has_failed { Err(error::server::NOT_SAVED) } else { Ok(Reply::OK) }
}

/// Returns once a checkpoint that began after the first run is complete. `own` arguments are the caller's; behind them
/// stands the number of the request in later runs.
pub(super) fn wait_for_checkpoint(ctx: &Ctx<'_>, args: Args<'_>, own: usize) -> Result<(), Refusal> {
    if !ctx.engine.is_durable {
        return Ok(());
    }
    let tasks = &ctx.engine.tasks;
    let request = args.get(own).and_then(parse_u64).unwrap_or_else(|| tasks.request_checkpoint());
    if tasks.checkpoint_served() >= request {
        return Ok(());
    }
    Err(look_again(args, own, request))
}

/// Parks a call, with the number of its request behind its `own` arguments.
fn look_again(args: Args<'_>, own: usize, request: u64) -> Refusal {
    let number = request.to_string();
    let call = args.iter().take(own).chain([number.as_bytes()]);
    Refusal::Park(Box::new(Park {
        keys: Vec::new(),
        timeout_ms: 0,
        look_again_ms: Some(EACH_TICK),
        queue: None,
        rewritten: Some(OwnedArgs::collect(call)),
        empty: Reply::OK,
        at_once: Reply::OK,
    }))
}
