//! DECRBY: takes a number away; see [`super::counter`]. The most negative number has no opposite and is refused.

use super::counter;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DECRBY.
pub static SPEC: Spec = Spec {
    name: "decrby",
    summary: "Takes a number from a counter.",
    since: "1.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key decrement",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let delta = number::arg(args.at(2))?.checked_neg().ok_or(error::string::DECREMENT_OVERFLOW)?;
    counter::add(ctx, args.at(1), delta)
}
