//! CONFIG REWRITE: writes the options as they are now into the file the server was started with, keeping its comments
//! and order. The disk is touched outside the engine lock (an errand), with a copy of the options.

use crate::broker::Ctx;
use crate::broker::errand::Errand;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CONFIG REWRITE.
pub static SPEC: Spec = Spec {
    name: "config|rewrite",
    summary: "Writes the options into the configuration file.",
    since: "2.8.0",
    group: Group::Server,
    complexity: "O(N) for N options",
    arity: 2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let engine = &ctx.engine;
    // With a file of their own, users are not in this one.
    let users = engine.config.aclfile.as_os_str().is_empty().then(|| engine.user_lines());
    Err(Refusal::Errand(Errand::RewriteConfig(engine.config_file.clone(), Box::new(engine.config.clone()), users)))
}
