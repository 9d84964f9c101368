//! ZLEXCOUNT: how many members are between two names.

use super::bounds::By;
use super::zcount;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZLEXCOUNT.
pub static SPEC: Spec = Spec {
    name: "zlexcount",
    summary: "Counts the members between two names.",
    since: "2.8.9",
    group: Group::SortedSet,
    complexity: "O(log(N)) for N members",
    arity: 4,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key min max",
    kind: Kind::Read(|ctx, args| zcount::run(ctx, args, By::Lex)),
    subcommands: &[],
};
