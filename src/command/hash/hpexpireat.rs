//! HPEXPIREAT: HEXPIRE with a Unix time in milliseconds.

use super::hexpire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// HPEXPIREAT.
pub static SPEC: Spec = Spec {
    name: "hpexpireat",
    summary: "Gives fields a deadline as Unix time in milliseconds.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    kind: Kind::Write(|ctx, args| hexpire::run(ctx, args, Unit::PxAt)),
    subcommands: &[],
};
