//! PTTL: see [`super::ttl`].

use super::ttl;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// PTTL.
pub static SPEC: Spec = Spec {
    name: "pttl",
    summary: "Answers how many milliseconds a key has left.",
    since: "2.6.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(|ctx, args| ttl::run(ctx, args, |at_ms, now_ms| at_ms - now_ms)),
    subcommands: &[],
};
