//! ZMPOP: takes members from the first of several sorted sets that is there.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting::Multi;
use crate::reply::Reply;

/// ZMPOP.
pub static SPEC: Spec = Spec {
    name: "zmpop",
    summary: "Takes members from the first of several sorted sets that has some.",
    since: "7.0.0",
    group: Group::SortedSet,
    complexity: "O(K+M*log(N)) for K keys, M members out of N",
    arity: -4,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] <MIN | MAX> [COUNT count]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let multi = Multi::parse(args.from(1), ["MIN", "MAX"])?;
    Ok(ends::take_first(ctx, multi)?.unwrap_or(Reply::NullArray))
}
