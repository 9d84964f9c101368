//! BZPOPMIN: takes the lowest member of the first of several sorted sets that is there, or waits for one.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// BZPOPMIN.
pub static SPEC: Spec = Spec {
    name: "bzpopmin",
    summary: "Takes the member with the lowest score, waiting for one if need be.",
    since: "5.0.0",
    group: Group::SortedSet,
    complexity: "O(K+log(N)) for K keys and N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::At { first: 1, last: -2, step: 1 },
    syntax: "key [key ...] timeout",
    kind: Kind::BlockingWrite(|ctx, args| ends::wait_and_pop(ctx, args, false)),
    subcommands: &[],
};
