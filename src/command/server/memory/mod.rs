//! MEMORY: where memory goes.

mod doctor;
mod malloc_stats;
mod purge;
mod stats;
mod usage;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// MEMORY.
pub static SPEC: Spec = Spec {
    name: "memory",
    summary: "Holds commands about memory.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&doctor::SPEC, &stats::SPEC, &purge::SPEC, &malloc_stats::SPEC, &usage::SPEC, &HELP],
};

static HELP: Spec = help::spec("memory|help", Group::Server, "4.0.0");
