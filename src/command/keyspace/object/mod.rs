//! OBJECT: how a value is held. Looking at it does not count as a use.

pub mod encoding;
mod freq;
mod idletime;
mod refcount;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// OBJECT.
pub static SPEC: Spec = Spec {
    name: "object",
    summary: "How values are held.",
    since: "2.2.3",
    group: Group::Keyspace,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&encoding::SPEC, &freq::SPEC, &HELP, &idletime::SPEC, &refcount::SPEC],
};

static HELP: Spec = help::spec("object|help", Group::Keyspace, "6.2.0");
