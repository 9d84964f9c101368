//! LPOP: takes one element, or up to a count, from the front.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// LPOP.
pub static SPEC: Spec = Spec {
    name: "lpop",
    summary: "Takes elements from the front.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [count]",
    kind: Kind::Write(|ctx, args| ends::pop(ctx, args, false)),
    subcommands: &[],
};
