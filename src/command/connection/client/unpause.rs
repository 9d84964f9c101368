//! CLIENT UNPAUSE: ends CLIENT PAUSE. Unlike in the reference it also runs during a pause of everything.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT UNPAUSE.
pub static SPEC: Spec = Spec {
    name: "client|unpause",
    summary: "Ends a pause.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.pause = None;
    Ok(Reply::OK)
}
