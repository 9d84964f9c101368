//! HEXPIRETIME: the deadline of each field; -2 it is not there, -1 it has none.

use super::fields;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// HEXPIRETIME.
pub static SPEC: Spec = Spec {
    name: "hexpiretime",
    summary: "Answers the deadlines of fields as Unix time in seconds.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key FIELDS numfields field [field ...]",
    kind: Kind::Read(|ctx, args| fields::each(ctx, args, |at, _| at.map_or(-1, |at| (at as i64 + 999) / 1000))),
    subcommands: &[],
};
