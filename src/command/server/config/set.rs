//! CONFIG SET: changes options, all of them or none. What follows an option (limits of streams, the slow log, when
//! a commit counts) follows at once, through `Engine::apply_config`.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::telemetry::log;

/// CONFIG SET.
pub static SPEC: Spec = Spec {
    name: "config|set",
    summary: "Changes options.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "O(N) for N options",
    arity: -4,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "parameter value [parameter value ...]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let changed = ctx.engine.config.set(args.from(2).iter()).map_err(error::server::config)?;
    if changed.contains(&"requirepass") {
        ctx.engine.set_default_password();
    }
    if !changed.is_empty() {
        ctx.engine.apply_config();
    }
    if changed.contains(&"loglevel") {
        log::set_level(ctx.engine.config.loglevel);
    }
    Ok(Reply::OK)
}
