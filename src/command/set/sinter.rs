//! SINTER: what is in all of several sets.

use super::members::{self, Operation};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SINTER.
pub static SPEC: Spec = Spec {
    name: "sinter",
    summary: "Answers what is in all of several sets.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N*M) for N members of the smallest and M sets",
    arity: -2,
    flags: &[],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(|ctx, args| run(ctx, args, Operation::Intersection)),
    subcommands: &[],
};

/// Combines the sets that the arguments name.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Result<Reply, Refusal> {
    let names: Vec<&[u8]> = args.from(1).iter().collect();
    Ok(members::reply(members::combine(ctx, &names, operation, usize::MAX)?))
}
