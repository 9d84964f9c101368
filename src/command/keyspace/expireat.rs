//! EXPIREAT: [`super::expire`] with a deadline as Unix time in seconds.

use super::expire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// EXPIREAT.
pub static SPEC: Spec = Spec {
    name: "expireat",
    summary: "Gives a key a deadline as Unix time in seconds.",
    since: "1.2.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key unix-time-seconds [NX | XX | GT | LT]",
    kind: Kind::Write(|ctx, args| expire::run(ctx, args, Unit::ExAt)),
    subcommands: &[],
};
