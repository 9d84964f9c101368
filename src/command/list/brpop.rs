//! BRPOP: BLPOP at the other end.

use super::blpop;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// BRPOP.
pub static SPEC: Spec = Spec {
    name: "brpop",
    summary: "Takes an element from the end of the first list that has one, waiting for it if need be.",
    since: "2.0.0",
    group: Group::List,
    complexity: "O(N) for N keys",
    arity: -3,
    flags: &[],
    keys: Keys::At { first: 1, last: -2, step: 1 },
    syntax: "key [key ...] timeout",
    kind: Kind::BlockingWrite(|ctx, args| blpop::run(ctx, args, true)),
    subcommands: &[],
};
