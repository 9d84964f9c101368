//! SCRIPT FLUSH: forgets all scripts.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCRIPT FLUSH.
pub static SPEC: Spec = Spec {
    name: "script|flush",
    summary: "Forgets all scripts.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(N) for N scripts",
    arity: -2,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "[ASYNC | SYNC]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::flush(ctx, args)
}
