//! LRANGE: the elements between two indices, both included; negative ones count from the end.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::indices;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LRANGE.
pub static SPEC: Spec = Spec {
    name: "lrange",
    summary: "Answers the elements between two indices.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements that are answered",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start stop",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let range = indices::parse(args.at(2), args.at(3))?;
    let Some(key) = ends::read(ctx, args.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    let elements = ctx.list(key).elements();
    let (first, count) = indices::span(range, elements.len());
    Ok(Reply::Array(elements.range(first..first + count).map(|e| Reply::Bulk(e.clone())).collect()))
}
