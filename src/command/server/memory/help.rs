//! MEMORY HELP.

use crate::command::help;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// MEMORY HELP.
pub static SPEC: Spec = Spec {
    name: "memory|help",
    summary: "Lists the subcommands.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(|ctx, _| help::reply(ctx)),
    subcommands: &[],
};
