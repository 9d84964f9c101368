//! HMGET: the values of several fields, null where there is none.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HMGET.
pub static SPEC: Spec = Spec {
    name: "hmget",
    summary: "Answers the values of several fields.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field [field ...]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = pairs::read(ctx, args.at(1))?;
    Ok(Reply::Array(args.from(2).iter().map(|field| pairs::value(ctx, key, field)).collect()))
}
