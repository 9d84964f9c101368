//! ZREVRANGEBYSCORE: the members between two scores, highest first.

use super::bounds::{By, Choice};
use super::zrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZREVRANGEBYSCORE.
pub static SPEC: Spec = Spec {
    name: "zrevrangebyscore",
    summary: "Answers the members between two scores, highest first.",
    since: "2.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key max min [WITHSCORES] [LIMIT offset count]",
    kind: Kind::Read(|ctx, args| {
        zrange::run(ctx, args, Choice { by: Some(By::Score), reverse: Some(true), with_scores: true })
    }),
    subcommands: &[],
};
