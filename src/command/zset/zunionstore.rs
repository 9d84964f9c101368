//! ZUNIONSTORE: ZUNION into a key.

use super::combine::{self, Operation};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZUNIONSTORE.
pub static SPEC: Spec = Spec {
    name: "zunionstore",
    summary: "Stores what is in any of several sorted sets.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(N*log(N)) for N members of all sets",
    arity: -4,
    flags: &[Flag::Denyoom, Flag::MovableKeys],
    keys: Keys::StoredCounted,
    syntax: "destination numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>]",
    kind: Kind::Write(|ctx, args| combine::store(ctx, args, Operation::Union)),
    subcommands: &[],
};
