//! From a call to its outcome: find the verb, pass the gates, run it, count it.
//!
//! Must never know: sockets, encodings, who holds the engine lock.

use super::args::Args;
use super::error::{self, Refusal};
use super::gate::{self, Stop};
use super::permission;
use super::sentinel;
use super::spec::Spec;
use super::table;
use super::testing;
use super::transaction::queue;
use crate::acl::Context;
use crate::broker::client::{ClientId, ReplyMode};
use crate::broker::transaction::Queued;
use crate::broker::{Engine, Executed};
use crate::reply::Reply;

/// Executes one call of a client. It began at `now_us` (monotonic microseconds), which is then when it ended.
pub fn dispatch(engine: &mut Engine, client: ClientId, args: Args<'_>, now_us: &mut u64) -> Executed {
    let by_option = || sentinel::resolve(engine, args).or_else(|| testing::resolve(engine, args));
    let resolved = table::resolve(args).or_else(|refusal| by_option().unwrap_or(Err(refusal)));
    let spec = match resolved {
        Ok(spec) => spec,
        Err(_) if is_web_request(args.at(0)) => return hang_up(engine, client),
        Err(refusal) => {
            // Of a verb that there is only the number of arguments can be wrong here.
            let mentioned = table::mentioned(args);
            if let Some(spec) = mentioned {
                engine.stats.count_rejected(spec);
            }
            let refusal = queue::refused(engine, client, table::find(args.at(0)), args, refusal);
            return refuse(engine, client, mentioned, refusal);
        }
    };
    match gate::check(engine, client, spec, args) {
        Ok(()) => {}
        Err(Stop::Paused(until_ms)) => return Executed::Paused(until_ms),
        Err(Stop::Refused(refusal)) => {
            engine.stats.count_rejected(spec);
            engine.forget_names(client);
            let refusal = queue::refused(engine, client, Some(spec), args, refusal);
            return refuse(engine, client, Some(spec), refusal);
        }
    }
    if let Some(c) = engine.clients.get_mut(client) {
        c.last_command = spec.name;
        if c.transaction.is_some()
            && let Some(queued) = queue::take(engine, client, spec, args)
        {
            return queued;
        }
    }
    let executed = engine.execute(client, spec, args);
    if matches!(executed, Executed::Missing(_)) {
        return executed;
    }
    if let Some(c) = engine.clients.get_mut(client) {
        c.total_commands += 1;
    }
    let ended_us = engine.clock.monotonic_us();
    let micros = ended_us.saturating_sub(std::mem::replace(now_us, ended_us));
    if matches!(executed, Executed::Held(_)) {
        // It is counted when it is finished.
        engine.spend_on_held(micros);
        return executed;
    }
    engine.forget_names(client);
    let error = match &executed {
        Executed::Reply(Reply::Error(line)) => Some(&**line),
        _ => None,
    };
    engine.account(client, spec, args, error, micros);
    executed
}

/// Whether EXEC may run a queued call: it passed the gates when it was queued, but rules may have changed.
pub fn check_queued(engine: &mut Engine, client: ClientId, queued: &Queued) -> Result<(), Refusal> {
    let denied = permission::check_in(engine, client, queued.spec, queued.call.as_args(), Context::Multi);
    let refused = denied.map_err(|denial| error::acl::denied_at_exec(&denial));
    if let Err(Refusal::Wire(line)) = &refused {
        engine.stats.count_error(line);
    }
    refused
}

/// Runs a call inside of another one, which happens at the time of that. Counts it unless it is not finished.
pub fn run_inside(
    engine: &mut Engine,
    client: ClientId,
    spec: &'static Spec,
    args: Args<'_>,
) -> Result<Reply, Refusal> {
    let began_us = engine.clock.monotonic_us();
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    let now_ms = engine.store.now_ms;
    let before = engine.begin_inside(client);
    let outcome = engine.run(client, db, spec, args, now_ms);
    engine.end_inside(before);
    let error = match &outcome {
        Err(Refusal::Missing(_) | Refusal::Unfinished(_)) => return outcome,
        Err(Refusal::Wire(line)) | Ok(Reply::Error(line)) => Some(&**line),
        _ => None,
    };
    let micros = engine.clock.monotonic_us().saturating_sub(began_us);
    engine.account(client, spec, args, error, micros);
    engine.forget_progress(client);
    outcome
}

/// Whether a line looks like the head of a web request: somebody may be using a browser against us.
fn is_web_request(verb: &[u8]) -> bool {
    verb.eq_ignore_ascii_case(b"POST") || verb.eq_ignore_ascii_case(b"Host:")
}

/// Ends the connection without a word.
fn hang_up(engine: &mut Engine, client: ClientId) -> Executed {
    if let Some(c) = engine.clients.get_mut(client) {
        c.reply_mode = ReplyMode::Off;
        c.killed = true;
        c.sent_web_request = true;
    }
    Executed::Reply(Reply::Null)
}

fn refuse(engine: &mut Engine, client: ClientId, spec: Option<&'static Spec>, refusal: Refusal) -> Executed {
    engine.use_up_caching(client, spec);
    let Refusal::Wire(line) = refusal else { return Executed::Reply(Reply::Null) };
    engine.stats.count_error(&line);
    Executed::Reply(Reply::Error(line))
}
