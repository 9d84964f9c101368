//! BLMOVE: LMOVE that waits for an element to come.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting;
use crate::reply::Reply;

/// BLMOVE.
pub static SPEC: Spec = Spec {
    name: "blmove",
    summary: "Moves an element between two lists, waiting for it if need be.",
    since: "6.2.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 6,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (from, to) = (ends::side(args.at(3))?, ends::side(args.at(4))?);
    let timeout_ms = waiting::timeout(args.at(5), ctx.now_ms)?;
    run_between(ctx, (args.at(1), from), (args.at(2), to), timeout_ms)
}

/// Moves an element, or waits for one.
pub(super) fn run_between(
    ctx: &mut Ctx<'_>,
    from: (&[u8], bool),
    to: (&[u8], bool),
    timeout_ms: u64,
) -> Result<Reply, Refusal> {
    match ends::move_element(ctx, from, to)? {
        Some(element) => Ok(Reply::Bulk(element)),
        None => Err(waiting::park([from.0].into_iter(), timeout_ms, Reply::Null)),
    }
}
