//! LPUSH: puts elements before the first, one after the other, creating the list if need be.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// LPUSH.
pub static SPEC: Spec = Spec {
    name: "lpush",
    summary: "Puts elements before the first.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key element [element ...]",
    kind: Kind::Write(|ctx, args| ends::push(ctx, args, false, false)),
    subcommands: &[],
};
