//! ZREVRANGEBYLEX: the members between two names, last first.

use super::bounds::{By, Choice};
use super::zrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZREVRANGEBYLEX.
pub static SPEC: Spec = Spec {
    name: "zrevrangebylex",
    summary: "Answers the members between two names, last first.",
    since: "2.8.9",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that are answered out of N",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key max min [LIMIT offset count]",
    kind: Kind::Read(|ctx, args| {
        zrange::run(ctx, args, Choice { by: Some(By::Lex), reverse: Some(true), with_scores: true })
    }),
    subcommands: &[],
};
