//! FUNCTION DUMP: answers all libraries as bytes, in a format of its own.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FUNCTION DUMP.
pub static SPEC: Spec = Spec {
    name: "function|dump",
    summary: "Answers all libraries as bytes.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "O(N) for N bytes of text",
    arity: 2,
    flags: &[Flag::NoScript],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::function_dump(ctx, args)
}
