//! LPUSHX: LPUSH for lists that exist.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// LPUSHX.
pub static SPEC: Spec = Spec {
    name: "lpushx",
    summary: "Puts elements before the first of a list that exists.",
    since: "2.2.0",
    group: Group::List,
    complexity: "O(N) for N elements",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key element [element ...]",
    kind: Kind::Write(|ctx, args| ends::push(ctx, args, false, true)),
    subcommands: &[],
};
