//! FUNCTION LIST: lists the libraries.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION LIST.
pub static SPEC: Spec = Spec {
    name: "function|list",
    summary: "Lists the libraries and their functions.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for N functions",
    arity: -2,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_list(ctx, args)
}
