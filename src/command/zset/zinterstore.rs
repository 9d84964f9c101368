//! ZINTERSTORE: ZINTER into a key.

use super::combine::{self, Operation};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZINTERSTORE.
pub static SPEC: Spec = Spec {
    name: "zinterstore",
    summary: "Stores what is in all of several sorted sets.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(N*M+N*log(N)) for N members of the smallest and M sets",
    arity: -4,
    flags: &[Flag::Denyoom, Flag::MovableKeys],
    keys: Keys::StoredCounted,
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
    kind: Kind::Write(|ctx, args| combine::store(ctx, args, Operation::Intersection)),
    subcommands: &[],
};
