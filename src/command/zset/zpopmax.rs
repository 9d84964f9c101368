//! ZPOPMAX: takes the member with the highest score, or several.

use super::ends;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZPOPMAX.
pub static SPEC: Spec = Spec {
    name: "zpopmax",
    summary: "Takes the members with the highest scores.",
    since: "5.0.0",
    group: Group::SortedSet,
    complexity: "O(M*log(N)) for M members out of N",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [count]",
    kind: Kind::Write(|ctx, args| ends::pop(ctx, args, true)),
    subcommands: &[],
};
