//! EVALSHA: runs a script that the broker knows, by the SHA-1 of its text.

use super::run::{self, Source};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// EVALSHA.
pub static SPEC: Spec = Spec {
    name: "evalsha",
    summary: "Runs a script by the SHA-1 of its text.",
    since: "2.6.0",
    group: Group::Scripting,
    complexity: "That of the script",
    arity: -3,
    flags: &[Flag::NoScript, Flag::Stale, Flag::SkipMonitor, Flag::NoMandatoryKeys],
    keys: Keys::MaybeCounted { at: 2 },
    syntax: "sha1 numkeys [key [key ...]] [arg [arg ...]]",
    kind: Kind::Script(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::eval(ctx, args, Source::Sha, false)
}
