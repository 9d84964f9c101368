//! CONFIG: options while the server runs. The options stand in `config/table.rs`.

mod get;
mod resetstat;
mod rewrite;
mod set;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// CONFIG.
pub static SPEC: Spec = Spec {
    name: "config",
    summary: "Holds commands about options.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&get::SPEC, &set::SPEC, &resetstat::SPEC, &rewrite::SPEC, &HELP],
};

static HELP: Spec = help::spec("config|help", Group::Server, "5.0.0");
