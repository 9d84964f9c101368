//! LLEN: the number of elements.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LLEN.
pub static SPEC: Spec = Spec {
    name: "llen",
    summary: "Answers the number of elements.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = ends::read(ctx, args.at(1))?;
    Ok(Reply::count(key.map_or(0, |key| ctx.list(key).len())))
}
