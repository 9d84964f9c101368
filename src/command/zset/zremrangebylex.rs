//! ZREMRANGEBYLEX: takes out the members between two names; answers how many.

use super::bounds::By;
use super::zremrangebyrank;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZREMRANGEBYLEX.
pub static SPEC: Spec = Spec {
    name: "zremrangebylex",
    summary: "Takes out the members between two names.",
    since: "2.8.9",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that go out of N",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key min max",
    kind: Kind::Write(|ctx, args| zremrangebyrank::run(ctx, args, By::Lex)),
    subcommands: &[],
};
