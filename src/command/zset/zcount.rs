//! ZCOUNT: how many members are between two scores.

use super::bounds::{Bounds, By};
use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZCOUNT.
pub static SPEC: Spec = Spec {
    name: "zcount",
    summary: "Counts the members between two scores.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log(N)) for N members",
    arity: 4,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key min max",
    kind: Kind::Read(|ctx, args| run(ctx, args, By::Score)),
    subcommands: &[],
};

/// How many members lie between the ends.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, by: By) -> Result<Reply, Refusal> {
    let bounds = Bounds::parse(by, args.at(2), args.at(3))?;
    let key = scores::read(ctx, args.at(1))?;
    Ok(Reply::count(key.map_or(0, |key| bounds.count(ctx.sorted_set(key)))))
}
