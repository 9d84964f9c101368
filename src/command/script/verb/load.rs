//! SCRIPT LOAD: keeps a script until SCRIPT FLUSH, and answers its SHA-1.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCRIPT LOAD.
pub static SPEC: Spec = Spec {
    name: "script|load",
    summary: "Keeps a script for EVALSHA.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(N) for a script of N bytes",
    arity: 3,
    flags: &[Flag::NoScript, Flag::Stale],
    keys: Keys::None,
    syntax: "script",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::load(ctx, args)
}
