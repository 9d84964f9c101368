//! BZMPOP: ZMPOP that waits for a member to come.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting::{self, Multi};
use crate::reply::Reply;

/// BZMPOP.
pub static SPEC: Spec = Spec {
    name: "bzmpop",
    summary: "Takes members from the first of several sorted sets that has some, waiting for them if need be.",
    since: "7.0.0",
    group: Group::SortedSet,
    complexity: "O(K+M*log(N)) for K keys, M members out of N",
    arity: -5,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 2, step: 1 },
    syntax: "timeout numkeys key [key ...] <MIN | MAX> [COUNT count]",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let multi = Multi::parse(args.from(2), ["MIN", "MAX"])?;
    let timeout_ms = waiting::timeout(args.at(1), ctx.now_ms)?;
    match ends::take_first(ctx, multi)? {
        Some(answer) => Ok(answer),
        None => Err(waiting::park(multi.keys.iter(), timeout_ms, Reply::NullArray)),
    }
}
