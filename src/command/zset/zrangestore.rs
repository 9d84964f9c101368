//! ZRANGESTORE: ZRANGE into a key.

use super::bounds::{Choice, Range};
use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZRANGESTORE.
pub static SPEC: Spec = Spec {
    name: "zrangestore",
    summary: "Stores a range of members.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are stored out of N",
    arity: -5,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let range = Range::parse(args.from(3), Choice { by: None, reverse: None, with_scores: false })?;
    ctx.all_warm([args.at(1), args.at(2)])?;
    let members = scores::read(ctx, args.at(2))?.map_or_else(Vec::new, |key| range.of(ctx.sorted_set(key)));
    scores::store(ctx, args.at(1), &members)
}
