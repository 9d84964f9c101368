//! ECHO: answers its argument.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ECHO.
pub static SPEC: Spec = Spec {
    name: "echo",
    summary: "Answers the message.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
    keys: Keys::None,
    syntax: "message",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::bulk(args.at(1)))
}
