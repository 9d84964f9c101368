//! EXISTS: how many of the keys are there; one that is named twice counts twice.

use super::counting;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// EXISTS.
pub static SPEC: Spec = Spec {
    name: "exists",
    summary: "Answers how many of the keys exist.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(|ctx, args| counting::run(ctx, args, |ctx, name| ctx.peek(name), |_, _| ())),
    subcommands: &[],
};
