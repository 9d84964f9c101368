//! FUNCTION RESTORE: brings back what FUNCTION DUMP answered.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION RESTORE.
pub static SPEC: Spec = Spec {
    name: "function|restore",
    summary: "Brings back what FUNCTION DUMP answered.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for N bytes of text",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::NoScript],
    keys: Keys::None,
    syntax: "serialized-value [FLUSH | APPEND | REPLACE]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_restore(ctx, args)
}
