//! LATENCY RESET: forgets slow events of some kinds or of all; answers how many kinds that were.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LATENCY RESET.
pub static SPEC: Spec = Spec {
    name: "latency|reset",
    summary: "Forgets slow events.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[event [event ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let latency = &mut ctx.engine.stats.latency;
    if args.len() == 2 {
        return Ok(Reply::count(latency.clear()));
    }
    Ok(Reply::count(args.from(2).iter().filter(|event| latency.forget(event)).count()))
}
