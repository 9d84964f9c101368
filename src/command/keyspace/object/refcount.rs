//! OBJECT REFCOUNT: 1, since values are never shared between keys.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// OBJECT REFCOUNT.
pub static SPEC: Spec = Spec {
    name: "object|refcount",
    summary: "Answers how many keys share a value: one.",
    since: "2.2.3",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::At { first: 2, last: 2, step: 1 },
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(ctx.inspect(args.at(2))?.map_or(Reply::Null, |_| Reply::Integer(1)))
}
