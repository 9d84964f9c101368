//! DEL: deletes keys of any type and answers how many there were.

use super::counting;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// DEL.
pub static SPEC: Spec = Spec {
    name: "del",
    summary: "Deletes keys.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Write(counting::delete),
    subcommands: &[],
};
