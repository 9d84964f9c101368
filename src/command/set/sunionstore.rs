//! SUNIONSTORE: SUNION into a key.

use super::members::Operation;
use super::sinterstore;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// SUNIONSTORE.
pub static SPEC: Spec = Spec {
    name: "sunionstore",
    summary: "Stores what is in any of several sets.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members of all sets",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::ALL,
    syntax: "destination key [key ...]",
    kind: Kind::Write(|ctx, args| sinterstore::run(ctx, args, Operation::Union)),
    subcommands: &[],
};
