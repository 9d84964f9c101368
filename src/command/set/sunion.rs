//! SUNION: what is in any of several sets.

use super::members::Operation;
use super::sinter;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// SUNION.
pub static SPEC: Spec = Spec {
    name: "sunion",
    summary: "Answers what is in any of several sets.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members of all sets",
    arity: -2,
    flags: &[],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(|ctx, args| sinter::run(ctx, args, Operation::Union)),
    subcommands: &[],
};
