//! HLEN: the number of fields.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HLEN.
pub static SPEC: Spec = Spec {
    name: "hlen",
    summary: "Answers the number of fields.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = pairs::read(ctx, args.at(1))?;
    Ok(Reply::count(key.map_or(0, |key| ctx.hash(key).len())))
}
