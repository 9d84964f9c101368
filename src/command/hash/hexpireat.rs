//! HEXPIREAT: HEXPIRE with a Unix time.

use super::hexpire;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;

/// HEXPIREAT.
pub static SPEC: Spec = Spec {
    name: "hexpireat",
    summary: "Gives fields a deadline as Unix time in seconds.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    kind: Kind::Write(|ctx, args| hexpire::run(ctx, args, Unit::ExAt)),
    subcommands: &[],
};
