//! ZDIFFSTORE: ZDIFF into a key.

use super::combine::{self, Operation};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZDIFFSTORE.
pub static SPEC: Spec = Spec {
    name: "zdiffstore",
    summary: "Stores what is in one sorted set and not in others.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N*M+N*log(N)) for N members of the first and M sets",
    arity: -4,
    flags: &[Flag::Denyoom, Flag::MovableKeys],
    keys: Keys::StoredCounted,
    syntax: "destination numkeys key [key ...]",
    kind: Kind::Write(|ctx, args| combine::store(ctx, args, Operation::Difference)),
    subcommands: &[],
};
