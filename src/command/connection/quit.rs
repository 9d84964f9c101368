//! QUIT: answers OK and ends the connection, whatever its arguments.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// QUIT.
pub static SPEC: Spec = Spec {
    name: "quit",
    summary: "Ends the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: &[
        Flag::NoScript,
        Flag::Loading,
        Flag::Stale,
        Flag::Fast,
        Flag::NoAuth,
        Flag::AllowBusy,
        Flag::Unqueued,
        Flag::WhileListening,
    ],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.close_after_reply = true;
    }
    Ok(Reply::OK)
}
