//! EVAL: runs a script, which is kept for EVALSHA.

use super::run::{self, Source};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// EVAL.
pub static SPEC: Spec = Spec {
    name: "eval",
    summary: "Runs a script.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: &[Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys],
    keys: Keys::MaybeCounted { at: 2 },
    syntax: "script numkeys [key [key ...]] [arg [arg ...]]",
    kind: Kind::Script(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::eval(ctx, args, Source::Text, false)
}
