//! EXPIRETIME: see [`super::ttl`].

use super::ttl;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// EXPIRETIME.
pub static SPEC: Spec = Spec {
    name: "expiretime",
    summary: "Answers the deadline of a key as Unix time in seconds.",
    since: "7.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(|ctx, args| ttl::run(ctx, args, |at_ms, _| ttl::seconds(at_ms))),
    subcommands: &[],
};
