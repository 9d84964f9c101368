//! SLOWLOG: calls that took longer than `slowlog-log-slower-than`.

mod get;
mod len;
mod reset;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// SLOWLOG.
pub static SPEC: Spec = Spec {
    name: "slowlog",
    summary: "Holds commands about slow calls.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&get::SPEC, &len::SPEC, &reset::SPEC, &HELP],
};

static HELP: Spec = help::spec("slowlog|help", Group::Server, "6.2.0");
