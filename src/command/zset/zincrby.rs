//! ZINCRBY: adds to the score of a member, which is 0 if it is new.

use super::{scores, zadd};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZINCRBY.
pub static SPEC: Spec = Spec {
    name: "zincrby",
    summary: "Adds to the score of a member.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)) for N members",
    arity: 4,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key increment member",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let delta = scores::arg(args.at(2))?;
    zadd::put_all(ctx, args.at(1), std::iter::once((delta, args.at(3))), zadd::Options::INCREMENT)
}
