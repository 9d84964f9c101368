//! CONFIG SET: changes options, all of them or none. What follows an option (limits of streams, the slow log, when
//! a commit counts) follows at once, through `Engine::apply_config`.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::config::Config;
#[cfg(feature = "tls")]
use crate::config::{ConfigError, Invalid};
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
    let mut next = ctx.engine.config.clone();
    let changed = next.set(args.from(2).iter()).map_err(error::server::config)?;
    check_certificates(&next, &changed)?;
    ctx.engine.config = next;
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

/// Whether clients could be served with the certificates that the options name now; they are used from the next connection on.
#[cfg(feature = "tls")]
fn check_certificates(next: &Config, changed: &[&'static str]) -> Result<(), Refusal> {
    use crate::tls::{Identity, Wanted};
    let about_tls = changed.iter().find(|name| name.starts_with("tls-") && next.tls_port > 0);
    let Some(name) = about_tls else { return Ok(()) };
    let refused = |why| ConfigError::Refused { name: (*name).to_owned(), why: Invalid::Tls(why) };
    Identity::load(Wanted::by(next)).map(drop).map_err(|why| error::server::config(refused(why)))
}

#[cfg(not(feature = "tls"))]
fn check_certificates(_: &Config, _: &[&'static str]) -> Result<(), Refusal> {
    Ok(())
}
