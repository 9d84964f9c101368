//! TOUCH: counts as a use of the keys, and answers how many of them are there.

use super::counting;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// TOUCH.
pub static SPEC: Spec = Spec {
    name: "touch",
    summary: "Marks keys as used now.",
    since: "3.2.1",
    group: Group::Keyspace,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(|ctx, args| counting::run(ctx, args, |ctx, name| ctx.look_up(name), |_, _| ())),
    subcommands: &[],
};
