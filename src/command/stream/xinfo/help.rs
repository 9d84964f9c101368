//! XINFO HELP: the subcommands, a line each.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XINFO HELP.
pub static SPEC: Spec = Spec {
    name: "xinfo|help",
    summary: "Lists the subcommands of XINFO.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

const LINES: &[&str] = &[
    "XINFO <subcommand> [<argument> ...], with one of:",
    "STREAM <key> [FULL [COUNT <count>]]",
    "    The stream's counters; FULL adds entries, groups and what is pending.",
    "GROUPS <key>",
    "    Where each group stands and what it has still to be given.",
    "CONSUMERS <key> <group>",
    "    What each consumer has pending, and how long it was silent.",
    "HELP",
    "    This text.",
];

fn run(_ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Array(LINES.iter().map(|line| Reply::Status((*line).into())).collect()))
}
