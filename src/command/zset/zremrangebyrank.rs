//! ZREMRANGEBYRANK: takes out the members between two ranks; answers how many.

use super::bounds::{Bounds, By};
use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZREMRANGEBYRANK.
pub static SPEC: Spec = Spec {
    name: "zremrangebyrank",
    summary: "Takes out the members between two ranks.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that go out of N",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start stop",
    kind: Kind::Write(|ctx, args| run(ctx, args, By::Rank)),
    subcommands: &[],
};

/// Takes out what lies between the ends.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, by: By) -> Result<Reply, Refusal> {
    let bounds = Bounds::parse(by, args.at(2), args.at(3))?;
    let Some(key) = scores::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let set = ctx.sorted_set(key);
    let (first, end) = bounds.ranks(set, false);
    let members: Vec<_> = set.order().from(first).take(end - first).cloned().collect();
    scores::remove(ctx, key, &members, ctx.spec.name);
    Ok(Reply::count(members.len()))
}
