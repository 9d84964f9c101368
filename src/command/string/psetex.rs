//! PSETEX: [`super::setex`] in milliseconds.

use super::deadline::Unit;
use super::setex;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// PSETEX.
pub static SPEC: Spec = Spec {
    name: "psetex",
    summary: "Sets a key to a string with a deadline in milliseconds.",
    since: "2.6.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key milliseconds value",
    kind: Kind::Write(|ctx, args| setex::run(ctx, args, Unit::Px)),
    subcommands: &[],
};
