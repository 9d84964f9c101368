//! ZINTER: what is in all of several sorted sets, scores put together.

use super::combine::{self, Operation};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZINTER.
pub static SPEC: Spec = Spec {
    name: "zinter",
    summary: "Answers what is in all of several sorted sets.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N*M+N*log(N)) for N members of the smallest and M sets",
    arity: -3,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    kind: Kind::Read(|ctx, args| combine::answer(ctx, args, Operation::Intersection)),
    subcommands: &[],
};
