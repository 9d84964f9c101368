//! GET: the value of a string.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// GET.
pub static SPEC: Spec = Spec {
    name: "get",
    summary: "Answers the string value of a key.",
    since: "1.0.0",
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
    Ok(match ctx.read_string(args.at(1))? {
        Some((_, value)) => Reply::Bulk(value),
        None => Reply::Null,
    })
}
