//! What stands between a call and its execution, in the reference's order. Each gate is one small function.

use super::args::Args;
use super::error::{self, Refusal};
use super::spec::{Flag, Spec};
use crate::broker::Engine;
use crate::broker::client::ClientId;

/// Why a call does not run now.
pub enum Stop {
    /// It is refused.
    Refused(Refusal),
    /// It has to wait until this time (Unix milliseconds).
    Paused(i64),
}

/// Passes a call, or says why not.
pub fn check(engine: &mut Engine, client: ClientId, spec: &'static Spec, _args: Args<'_>) -> Result<(), Stop> {
    authenticated(engine, client, spec).map_err(Stop::Refused)?;
    paused(engine, spec)
}

fn authenticated(engine: &mut Engine, client: ClientId, spec: &Spec) -> Result<(), Refusal> {
    if spec.has(Flag::NoAuth) || engine.clients.get(client).is_none_or(|c| c.authenticated) {
        return Ok(());
    }
    engine.stats.denied_auth += 1;
    Err(error::NOAUTH)
}

fn paused(engine: &mut Engine, spec: &Spec) -> Result<(), Stop> {
    let Some(pause) = engine.pause else { return Ok(()) };
    if engine.clock.now_ms() >= pause.until_ms {
        engine.pause = None;
        return Ok(());
    }
    let held = (pause.all && spec.name != "client|unpause") || spec.kind.writes();
    if held { Err(Stop::Paused(pause.until_ms)) } else { Ok(()) }
}
