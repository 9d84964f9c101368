//! FUNCTION STATS: says which function runs, and how many there are.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION STATS.
pub static SPEC: Spec = Spec {
    name: "function|stats",
    summary: "Says which function runs, and how many there are.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::NoScript, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_stats(ctx, args)
}
