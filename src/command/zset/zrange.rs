//! ZRANGE: a range by rank, score or name, in both directions.

use super::bounds::{Choice, Range};
use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZRANGE.
pub static SPEC: Spec = Spec {
    name: "zrange",
    summary: "Answers a range of members.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]",
    kind: Kind::Read(|ctx, args| run(ctx, args, Choice { by: None, reverse: None, with_scores: true })),
    subcommands: &[],
};

/// Answers a range of what `choice` leaves open.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, choice: Choice) -> Result<Reply, Refusal> {
    let range = Range::parse(args.from(2), choice)?;
    let members = scores::read(ctx, args.at(1))?.map_or_else(Vec::new, |key| range.of(ctx.sorted_set(key)));
    Ok(scores::reply(members.iter(), range.with_scores))
}
