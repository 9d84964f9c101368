//! SDIFFSTORE: SDIFF into a key.

use super::members::Operation;
use super::sinterstore;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// SDIFFSTORE.
pub static SPEC: Spec = Spec {
    name: "sdiffstore",
    summary: "Stores what is in one set and not in others.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N*M) for N members of the first and M sets",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::ALL,
    syntax: "destination key [key ...]",
    kind: Kind::Write(|ctx, args| sinterstore::run(ctx, args, Operation::Difference)),
    subcommands: &[],
};
