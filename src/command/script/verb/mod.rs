//! SCRIPT: commands about the scripts that are kept, and the one that runs.

mod debug;
mod exists;
mod flush;
mod kill;
mod load;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// SCRIPT.
pub static SPEC: Spec = Spec {
    name: "script",
    summary: "Holds commands about scripts.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&load::SPEC, &exists::SPEC, &flush::SPEC, &kill::SPEC, &debug::SPEC, &HELP],
};

static HELP: Spec = help::spec("script|help", Group::Scripting, "5.0.0");
