//! PEXPIREAT: [`super::expire`] with a deadline as Unix time in milliseconds.

use super::expire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// PEXPIREAT.
pub static SPEC: Spec = Spec {
    name: "pexpireat",
    summary: "Gives a key a deadline as Unix time in milliseconds.",
    since: "2.6.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key unix-time-milliseconds [NX | XX | GT | LT]",
    kind: Kind::Write(|ctx, args| expire::run(ctx, args, Unit::PxAt)),
    subcommands: &[],
};
