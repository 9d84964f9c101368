//! FUNCTION LOAD: keeps a library, which registers its functions.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION LOAD.
pub static SPEC: Spec = Spec {
    name: "function|load",
    summary: "Loads a library of functions.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for a text of N bytes",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::NoScript],
    keys: Keys::None,
    syntax: "[REPLACE] function-code",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_load(ctx, args)
}
