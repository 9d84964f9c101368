//! ZREVRANGE: the members between two ranks, highest score first.

use super::bounds::{By, Choice};
use super::zrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZREVRANGE.
pub static SPEC: Spec = Spec {
    name: "zrevrange",
    summary: "Answers the members between two ranks, highest score first.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start stop [WITHSCORES]",
    kind: Kind::Read(|ctx, args| {
        zrange::run(ctx, args, Choice { by: Some(By::Rank), reverse: Some(true), with_scores: true })
    }),
    subcommands: &[],
};
