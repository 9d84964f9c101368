//! XGROUP HELP: the subcommands, a line each.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XGROUP HELP.
pub static SPEC: Spec = Spec {
    name: "xgroup|help",
    summary: "Lists the subcommands of XGROUP.",
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
    "XGROUP <subcommand> [<argument> ...], with one of:",
    "CREATE <key> <group> <id|$> [MKSTREAM] [ENTRIESREAD <n>]",
    "    A new group behind an id; MKSTREAM also makes the stream.",
    "SETID <key> <group> <id|$> [ENTRIESREAD <n>]",
    "    Moves the group behind another id.",
    "DESTROY <key> <group>",
    "    Takes the group away, with all that is pending in it.",
    "CREATECONSUMER <key> <group> <consumer>",
    "    A new consumer without entries.",
    "DELCONSUMER <key> <group> <consumer>",
    "    Takes the consumer away, with all that is pending for it.",
    "HELP",
    "    This text.",
];

fn run(_ctx: &mut Ctx<'_>, _args: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Array(LINES.iter().map(|line| Reply::Status((*line).into())).collect()))
}
