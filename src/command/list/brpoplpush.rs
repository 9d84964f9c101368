//! BRPOPLPUSH: BLMOVE from the right to the left.

use super::blmove;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting;
use crate::reply::Reply;

/// BRPOPLPUSH.
pub static SPEC: Spec = Spec {
    name: "brpoplpush",
    summary: "Moves the last element to the front of a list, waiting for it if need be.",
    since: "2.2.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination timeout",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let timeout_ms = waiting::timeout(args.at(3), ctx.now_ms)?;
    blmove::run_between(ctx, (args.at(1), true), (args.at(2), false), timeout_ms)
}
