//! ZREVRANK: ZRANK from the other end.

use super::zrank;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// ZREVRANK.
pub static SPEC: Spec = Spec {
    name: "zrevrank",
    summary: "Answers the rank of a member, highest score first.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log(N)) for N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [WITHSCORE]",
    kind: Kind::Read(|ctx, args| zrank::run(ctx, args, true)),
    subcommands: &[],
};
