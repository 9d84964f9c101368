//! FCALL_RO: calls a function that only reads.

use super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// FCALL_RO.
pub static SPEC: Spec = Spec {
    name: "fcall_ro",
    summary: "Calls a function that only reads.",
    since: "7.0.0",
    group: Group::Scripting,
    complexity: "That of the function",
    arity: -3,
    flags: &[Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys],
    keys: Keys::MaybeCounted { at: 2 },
    syntax: "function numkeys [key [key ...]] [arg [arg ...]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::call(ctx, args, true)
}
