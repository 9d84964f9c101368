//! XINFO HELP: the subcommands, a line each.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::help;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XINFO HELP.
pub static SPEC: Spec = Spec {
    name: "xinfo|help",
    summary: "Lists the subcommands of XINFO.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<Reply, Refusal> {
    help::reply(ctx)
}
