//! PEXPIRE: [`super::expire`] with a deadline in milliseconds from now.

use super::expire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// PEXPIRE.
pub static SPEC: Spec = Spec {
    name: "pexpire",
    summary: "Gives a key a deadline in milliseconds from now.",
    since: "2.6.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key milliseconds [NX | XX | GT | LT]",
    kind: Kind::Write(|ctx, args| expire::run(ctx, args, Unit::Px)),
    subcommands: &[],
};
