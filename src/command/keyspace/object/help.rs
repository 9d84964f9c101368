//! OBJECT HELP.

use crate::command::help;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// OBJECT HELP.
pub static SPEC: Spec = Spec {
    name: "object|help",
    summary: "Lists the subcommands.",
    since: "6.2.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(|ctx, _| help::reply(ctx)),
    subcommands: &[],
};
