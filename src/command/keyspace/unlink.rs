//! UNLINK: the same as DEL here: space is always given back in the background.

use super::counting;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// UNLINK.
pub static SPEC: Spec = Spec {
    name: "unlink",
    summary: "Deletes keys; their space is given back in the background.",
    since: "4.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Write(counting::delete),
    subcommands: &[],
};
