//! ZPOPMIN: takes the member with the lowest score, or several.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZPOPMIN.
pub static SPEC: Spec = Spec {
    name: "zpopmin",
    summary: "Takes the members with the lowest scores.",
    since: "5.0.0",
    group: Group::SortedSet,
    complexity: "O(M*log(N)) for M members out of N",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [count]",
    kind: Kind::Write(|ctx, args| ends::pop(ctx, args, false)),
    subcommands: &[],
};
