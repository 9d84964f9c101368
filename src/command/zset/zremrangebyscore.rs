//! ZREMRANGEBYSCORE: takes out the members between two scores; answers how many.

use super::bounds::By;
use super::zremrangebyrank;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ZREMRANGEBYSCORE.
pub static SPEC: Spec = Spec {
    name: "zremrangebyscore",
    summary: "Takes out the members between two scores.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)+M) for M members that go out of N",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key min max",
    kind: Kind::Write(|ctx, args| zremrangebyrank::run(ctx, args, By::Score)),
    subcommands: &[],
};
