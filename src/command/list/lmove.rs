//! LMOVE: takes an element from one end of a list and puts it at one end of another, or of the same.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LMOVE.
pub static SPEC: Spec = Spec {
    name: "lmove",
    summary: "Moves an element between two lists.",
    since: "6.2.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 5,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination <LEFT | RIGHT> <LEFT | RIGHT>",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (from, to) = (ends::side(args.at(3))?, ends::side(args.at(4))?);
    let moved = ends::move_element(ctx, (args.at(1), from), (args.at(2), to))?;
    Ok(moved.map_or(Reply::Null, Reply::Bulk))
}
