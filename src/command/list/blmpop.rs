//! BLMPOP: LMPOP that waits for an element to come.

use super::lmpop;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting::{self, Multi};
use crate::reply::Reply;

/// BLMPOP.
pub static SPEC: Spec = Spec {
    name: "blmpop",
    summary: "Takes elements from the first of several lists that has some, waiting for them if need be.",
    since: "7.0.0",
    group: Group::List,
    complexity: "O(N+M) for N keys and M elements",
    arity: -5,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 2, step: 1 },
    syntax: "timeout numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let multi = Multi::parse(args.from(2), ["LEFT", "RIGHT"])?;
    let timeout_ms = waiting::timeout(args.at(1), ctx.now_ms)?;
    match lmpop::take(ctx, multi)? {
        Some(answer) => Ok(answer),
        None => Err(waiting::park(multi.keys.iter(), timeout_ms, Reply::NullArray)),
    }
}
