//! CLIENT GETREDIR: to which connection invalidations go: 0 to this one, -1 if it does not track.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT GETREDIR.
pub static SPEC: Spec = Spec {
    name: "client|getredir",
    summary: "Answers to which connection invalidations go.",
    since: "6.0.0",
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
    Ok(Reply::Integer(ctx.engine.redirect_of(ctx.client)))
}
