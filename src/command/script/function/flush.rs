//! FUNCTION FLUSH: deletes all libraries.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION FLUSH.
pub static SPEC: Spec = Spec {
    name: "function|flush",
    summary: "Deletes all libraries.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for N functions",
    arity: -2,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "[ASYNC | SYNC]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_flush(ctx, args)
}
