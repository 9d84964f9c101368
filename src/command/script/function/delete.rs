//! FUNCTION DELETE: deletes a library with its functions.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION DELETE.
pub static SPEC: Spec = Spec {
    name: "function|delete",
    summary: "Deletes a library.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for N functions",
    arity: 3,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "library-name",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_delete(ctx, args)
}
