//! SCRIPT DEBUG: there is no debugger; only NO is accepted.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCRIPT DEBUG.
pub static SPEC: Spec = Spec {
    name: "script|debug",
    summary: "Refuses to debug scripts.",
    since: "3.2.0",
    group: Group::Scripting,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "YES | SYNC | NO",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::debug(ctx, args)
}
