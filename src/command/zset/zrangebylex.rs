//! ZRANGEBYLEX: the members between two names, of a set whose scores are equal.

use super::bounds::{By, Choice};
use super::zrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZRANGEBYLEX.
pub static SPEC: Spec = Spec {
    name: "zrangebylex",
    summary: "Answers the members between two names.",
    since: "2.8.9",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key min max [LIMIT offset count]",
    kind: Kind::Read(|ctx, args| {
        zrange::run(ctx, args, Choice { by: Some(By::Lex), reverse: Some(false), with_scores: true })
    }),
    subcommands: &[],
};
