//! FUNCTION: libraries of functions.

mod delete;
mod dump;
mod flush;
mod kill;
mod list;
mod load;
mod restore;
mod stats;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// FUNCTION.
pub static SPEC: Spec = Spec {
    name: "function",
    summary: "Holds commands about functions.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[
        &load::SPEC,
        &list::SPEC,
        &delete::SPEC,
        &flush::SPEC,
        &stats::SPEC,
        &kill::SPEC,
        &dump::SPEC,
        &restore::SPEC,
        &HELP,
    ],
};

static HELP: Spec = help::spec("function|help", Group::Scripting, "7.0.0");
