//! MEMORY: what takes how much.

mod help;
mod usage;

use crate::command::spec::{Group, Keys, Kind, Spec};

/// MEMORY.
pub static SPEC: Spec = Spec {
    name: "memory",
    summary: "What takes how much memory.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&help::SPEC, &usage::SPEC],
};
