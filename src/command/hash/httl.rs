//! HTTL: seconds left for each field; -2 it is not there, -1 it has no deadline.

use super::fields;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// HTTL.
pub static SPEC: Spec = Spec {
    name: "httl",
    summary: "Answers how many seconds fields have left.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key FIELDS numfields field [field ...]",
    kind: Kind::Read(|ctx, args| {
        fields::each(ctx, args, |at, now_ms| at.map_or(-1, |at| (at as i64 - now_ms + 999) / 1000))
    }),
    subcommands: &[],
};
