//! LINDEX: the element at an index.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::indices;
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LINDEX.
pub static SPEC: Spec = Spec {
    name: "lindex",
    summary: "Answers the element at an index.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key index",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = ends::read(ctx, args.at(1))? else { return Ok(Reply::Null) };
    let index = number::arg(args.at(2))?;
    let elements = ctx.list(key).elements();
    let found = indices::place(index, elements.len()).and_then(|at| elements.get(at));
    Ok(found.map_or(Reply::Null, |element| Reply::Bulk(element.clone())))
}
