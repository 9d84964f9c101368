//! SDIFF: what is in the first set and in no other.

use super::members::Operation;
use super::sinter;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// SDIFF.
pub static SPEC: Spec = Spec {
    name: "sdiff",
    summary: "Answers what is in one set and not in others.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N*M) for N members of the first and M sets",
    arity: -2,
    flags: &[],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(|ctx, args| sinter::run(ctx, args, Operation::Difference)),
    subcommands: &[],
};
