//! ZRANGEBYSCORE: the members between two scores.

use super::bounds::{By, Choice};
use super::zrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZRANGEBYSCORE.
pub static SPEC: Spec = Spec {
    name: "zrangebyscore",
    summary: "Answers the members between two scores.",
    since: "1.0.5",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key min max [WITHSCORES] [LIMIT offset count]",
    kind: Kind::Read(|ctx, args| {
        zrange::run(ctx, args, Choice { by: Some(By::Score), reverse: Some(false), with_scores: true })
    }),
    subcommands: &[],
};
