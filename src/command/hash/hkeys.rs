//! HKEYS: the names of all fields.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HKEYS.
pub static SPEC: Spec = Spec {
    name: "hkeys",
    summary: "Answers the names of all fields.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: 2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = pairs::read(ctx, args.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    Ok(Reply::Array(ctx.hash(key).fields().iter().map(|(name, _)| Reply::Bulk(name.clone())).collect()))
}
