//! EVAL_RO: runs a script that may only read.

use super::run::{self, Source};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// EVAL_RO.
pub static SPEC: Spec = Spec {
    name: "eval_ro",
    summary: "Runs a script that only reads.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: &[Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys],
    keys: Keys::MaybeCounted { at: 2 },
    syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::eval(ctx, args, Source::Text, true)
}
