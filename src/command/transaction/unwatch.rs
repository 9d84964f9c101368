//! UNWATCH: ends all watches, also those that were broken. Inside MULTI it is queued, and comes too late to matter.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// UNWATCH.
pub static SPEC: Spec = Spec {
    name: "unwatch",
    summary: "Ends all watches.",
    since: "2.2.0",
    group: Group::Transaction,
    complexity: "O(N) for N watched keys",
    arity: 1,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.unwatch(ctx.client);
    Ok(Reply::OK)
}
