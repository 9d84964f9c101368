//! FLUSHALL: [`super::flushdb`] for all databases.

use super::flushdb;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// FLUSHALL.
pub static SPEC: Spec = Spec {
    name: "flushall",
    summary: "Deletes all keys of all databases.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys in memory",
    arity: -1,
    flags: &[Flag::Dangerous],
    keys: Keys::None,
    syntax: "[ASYNC | SYNC]",
    kind: Kind::Write(|ctx, args| flushdb::run(ctx, args, 0..ctx.engine.store.databases())),
    subcommands: &[],
};
