//! SINTERSTORE: SINTER into a key.

use super::members::{self, Operation};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SINTERSTORE.
pub static SPEC: Spec = Spec {
    name: "sinterstore",
    summary: "Stores what is in all of several sets.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N*M) for N members of the smallest and M sets",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::ALL,
    syntax: "destination key [key ...]",
    kind: Kind::Write(|ctx, args| run(ctx, args, Operation::Intersection)),
    subcommands: &[],
};

/// Combines sets into the key of the first argument.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Result<Reply, Refusal> {
    ctx.all_warm(args.from(1).iter())?;
    let names: Vec<&[u8]> = args.from(2).iter().collect();
    let found = members::combine(ctx, &names, operation, usize::MAX)?;
    members::store(ctx, args.at(1), found)
}
