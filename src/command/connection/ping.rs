//! PING: answers at once. With a message it answers the message.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PING.
pub static SPEC: Spec = Spec {
    name: "ping",
    summary: "Answers PONG, or the message.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::Fast, Flag::WhileListening],
    keys: Keys::None,
    syntax: "[message]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match args.len() {
        // In the form of a message: that is what it waits for.
        1 | 2 if ctx.engine.is_listening(ctx.client) => {
            Ok(Reply::Array(vec![Reply::text("pong"), Reply::bulk(args.at(1))]))
        }
        1 => Ok(Reply::Status("PONG".into())),
        2 => Ok(Reply::bulk(args.at(1))),
        _ => Err(error::wrong_arity(ctx.spec.name)),
    }
}
