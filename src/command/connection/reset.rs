//! RESET: makes a connection as good as new: RESP2, database 0, no name, no mode, no transaction, no watched keys, no
//! subscriptions, and the default user, not authenticated if that has a password. What CLIENT SETINFO said stays.

use crate::broker::Ctx;
use crate::broker::client::ReplyMode;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::resp::Protocol;

/// RESET.
pub static SPEC: Spec = Spec {
    name: "reset",
    summary: "Makes the connection as good as new.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 1,
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
    ctx.engine.discard(ctx.client);
    ctx.engine.unsubscribe_all(ctx.client);
    ctx.engine.unmonitor(ctx.client);
    ctx.engine.untrack(ctx.client);
    ctx.engine.be_default(ctx.client);
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.db = 0;
        client.protocol = Protocol::Resp2;
        client.name.clear();
        // Who wants no answer to this call gets none.
        if client.is_silent() {
            client.reply_mode = ReplyMode::On;
        }
        (client.no_evict, client.no_touch, client.readonly) = (false, false, false);
    }
    Ok(Reply::Status("RESET".into()))
}
