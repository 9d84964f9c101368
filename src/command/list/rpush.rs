//! RPUSH: puts elements behind the last, creating the list if need be.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// RPUSH.
pub static SPEC: Spec = Spec {
    name: "rpush",
    summary: "Puts elements behind the last.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key element [element ...]",
    kind: Kind::Write(|ctx, args| ends::push(ctx, args, true, false)),
    subcommands: &[],
};
