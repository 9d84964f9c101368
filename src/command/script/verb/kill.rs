//! SCRIPT KILL: ends the script that runs, if it has not written.

use super::super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCRIPT KILL.
pub static SPEC: Spec = Spec {
    name: "script|kill",
    summary: "Ends the script that runs, if it has not written.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::NoScript, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::kill(ctx, args)
}
