//! HPEXPIRE: HEXPIRE in milliseconds.

use super::hexpire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// HPEXPIRE.
pub static SPEC: Spec = Spec {
    name: "hpexpire",
    summary: "Gives fields a deadline in milliseconds from now.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    kind: Kind::Write(|ctx, args| hexpire::run(ctx, args, Unit::Px)),
    subcommands: &[],
};
