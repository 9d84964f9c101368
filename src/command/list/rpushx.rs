//! RPUSHX: RPUSH for lists that exist.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// RPUSHX.
pub static SPEC: Spec = Spec {
    name: "rpushx",
    summary: "Puts elements behind the last of a list that exists.",
    since: "2.2.0",
    group: Group::List,
    complexity: "O(N) for N elements",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key element [element ...]",
    kind: Kind::Write(|ctx, args| ends::push(ctx, args, true, true)),
    subcommands: &[],
};
