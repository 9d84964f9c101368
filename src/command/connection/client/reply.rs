//! CLIENT REPLY: whether this connection is answered. OFF and SKIP are not answered themselves.

use crate::broker::Ctx;
use crate::broker::client::ReplyMode;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT REPLY.
pub static SPEC: Spec = Spec {
    name: "client|reply",
    summary: "Switches the replies of this connection on or off.",
    since: "3.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<ON | OFF | SKIP>",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(client) = ctx.engine.clients.get_mut(ctx.client) else { return Ok(Reply::Null) };
    client.reply_mode = match args.at(2).to_ascii_uppercase().as_slice() {
        b"ON" => ReplyMode::On,
        b"OFF" => ReplyMode::Off,
        // Nothing is answered already.
        b"SKIP" if client.reply_mode == ReplyMode::Off => ReplyMode::Off,
        b"SKIP" => ReplyMode::SkipNext,
        _ => return Err(error::SYNTAX),
    };
    Ok(Reply::OK)
}
