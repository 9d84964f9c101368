//! BZPOPMAX: BZPOPMIN at the other end.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// BZPOPMAX.
pub static SPEC: Spec = Spec {
    name: "bzpopmax",
    summary: "Takes the member with the highest score, waiting for one if need be.",
    since: "5.0.0",
    group: Group::SortedSet,
    complexity: "O(K+log(N)) for K keys and N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::At { first: 1, last: -2, step: 1 },
    syntax: "key [key ...] timeout",
    kind: Kind::BlockingWrite(|ctx, args| ends::wait_and_pop(ctx, args, true)),
    subcommands: &[],
};
