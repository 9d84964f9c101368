//! MODULE: code is never loaded into this server; only the question what is loaded is answered.

mod list;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// MODULE.
pub static SPEC: Spec = Spec {
    name: "module",
    summary: "Holds commands about modules.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&list::SPEC, &HELP],
};

static HELP: Spec = help::spec("module|help", Group::Server, "5.0.0");
