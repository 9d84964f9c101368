//! MONITOR: shows all calls of all clients to this one, until RESET. What only administrators call is not shown.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MONITOR.
pub static SPEC: Spec = Spec {
    name: "monitor",
    summary: "Shows all calls as they run.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1), and then a line for each call",
    arity: 1,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    if ctx.engine.in_queue {
        return Err(error::server::MONITOR_IN_EXEC);
    }
    // Who monitors already gets no second answer, as in the reference.
    Ok(if ctx.engine.monitor(ctx.client) { Reply::OK } else { Reply::Nothing })
}
