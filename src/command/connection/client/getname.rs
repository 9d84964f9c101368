//! CLIENT GETNAME: the name that CLIENT SETNAME or HELLO gave.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT GETNAME.
pub static SPEC: Spec = Spec {
    name: "client|getname",
    summary: "Answers the name of this connection.",
    since: "2.6.9",
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
    let name = ctx.engine.clients.get(ctx.client).map_or(&[][..], |c| &c.name);
    Ok(if name.is_empty() { Reply::Null } else { Reply::bulk(name) })
}
