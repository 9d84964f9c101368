//! HGETALL: all fields with their values.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HGETALL.
pub static SPEC: Spec = Spec {
    name: "hgetall",
    summary: "Answers all fields with their values.",
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
    let Some(key) = pairs::read(ctx, args.at(1))? else { return Ok(Reply::Map(Vec::new())) };
    let fields = ctx.hash(key).fields().iter();
    Ok(Reply::Map(fields.map(|(name, f)| (Reply::Bulk(name.clone()), Reply::Bulk(f.value.clone()))).collect()))
}
