//! ZDIFF: what is in the first sorted set and in no other.

use super::combine::{self, Operation};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZDIFF.
pub static SPEC: Spec = Spec {
    name: "zdiff",
    summary: "Answers what is in one sorted set and not in others.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N*M+N*log(N)) for N members of the first and M sets",
    arity: -3,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] [WITHSCORES]",
    kind: Kind::Read(|ctx, args| combine::answer(ctx, args, Operation::Difference)),
    subcommands: &[],
};
