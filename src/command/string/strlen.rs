//! STRLEN: the length of a string in bytes, 0 if there is none.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// STRLEN.
pub static SPEC: Spec = Spec {
    name: "strlen",
    summary: "Answers the length of a string.",
    since: "2.2.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::count(ctx.read_string(args.at(1))?.map_or(0, |(_, value)| value.len())))
}
