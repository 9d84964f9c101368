//! SCRIPT EXISTS: says which scripts are kept.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCRIPT EXISTS.
pub static SPEC: Spec = Spec {
    name: "script|exists",
    summary: "Says which scripts are kept.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(N) for N scripts",
    arity: -3,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "sha1 [sha1 ...]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::exists(ctx, args)
}
