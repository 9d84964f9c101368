//! RPOPLPUSH: LMOVE from the right to the left.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// RPOPLPUSH.
pub static SPEC: Spec = Spec {
    name: "rpoplpush",
    summary: "Moves the last element to the front of a list.",
    since: "1.2.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let moved = ends::move_element(ctx, (args.at(1), true), (args.at(2), false))?;
    Ok(moved.map_or(Reply::Null, Reply::Bulk))
}
