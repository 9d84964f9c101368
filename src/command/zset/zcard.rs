//! ZCARD: the number of members.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZCARD.
pub static SPEC: Spec = Spec {
    name: "zcard",
    summary: "Answers the number of members.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = scores::read(ctx, args.at(1))?;
    Ok(Reply::count(key.map_or(0, |key| ctx.sorted_set(key).len())))
}
