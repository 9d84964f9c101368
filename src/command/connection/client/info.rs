//! CLIENT INFO: the line of CLIENT LIST about this connection.

use super::line;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT INFO.
pub static SPEC: Spec = Spec {
    name: "client|info",
    summary: "Describes this connection.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let line = ctx.engine.clients.get(ctx.client).map(|c| line::describe(ctx.engine, c));
    Ok(Reply::Verbatim("txt".into(), line.unwrap_or_default().into()))
}
