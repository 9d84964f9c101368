//! From a call to its outcome: find the verb, pass the gates, run it, count it.
//!
//! Must never know: sockets, encodings, who holds the engine lock.

use super::args::Args;
use super::error::Refusal;
use super::gate::{self, Stop};
use super::spec::{Flag, Spec};
use super::table;
use super::transaction::queue;
use crate::broker::client::{ClientId, ReplyMode};
use crate::broker::stats::{SLOW_ARGS, SlowCall};
use crate::broker::transaction::Queued;
use crate::broker::{Engine, Executed};
use crate::config;
use crate::reply::Reply;

/// Executes one call of a client. It began at `now_us` (monotonic microseconds), which is then when it ended.
pub fn dispatch(engine: &mut Engine, client: ClientId, args: Args<'_>, now_us: &mut u64) -> Executed {
    let spec = match table::resolve(args) {
        Ok(spec) => spec,
        Err(_) if is_web_request(args.at(0)) => return hang_up(engine, client),
        Err(refusal) => {
            let refusal = queue::refused(engine, client, table::find(args.at(0)), refusal);
            return refuse(engine, refusal);
        }
    };
    match gate::check(engine, client, spec, args) {
        Ok(()) => {}
        Err(Stop::Paused(until_ms)) => return Executed::Paused(until_ms),
        Err(Stop::Refused(refusal)) => {
            engine.stats.count_rejected(spec);
            engine.forget_names(client);
            let refusal = queue::refused(engine, client, Some(spec), refusal);
            return refuse(engine, refusal);
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
    if !matches!(executed, Executed::Missing(_)) {
        if let Some(c) = engine.clients.get_mut(client) {
            c.total_commands += 1;
        }
        engine.forget_names(client);
        let ended_us = engine.clock.monotonic_us();
        let micros = ended_us.saturating_sub(std::mem::replace(now_us, ended_us));
        let error = match &executed {
            Executed::Reply(Reply::Error(line)) => Some(&**line),
            _ => None,
        };
        account(engine, client, spec, args, error, micros);
    }
    executed
}

/// Runs a queued call for EXEC: it passed the gates when it was queued. Counts it unless it has to run again.
pub fn run_queued(engine: &mut Engine, client: ClientId, queued: &Queued) -> Result<Reply, Refusal> {
    run_inner(engine, client, queued.spec, queued.call.as_args())
}

/// Runs a call inside of another one, which happens at the time of that.
fn run_inner(
    engine: &mut Engine,
    client: ClientId,
    spec: &'static Spec,
    args: Args<'_>,
) -> Result<Reply, Refusal> {
    let began_us = engine.clock.monotonic_us();
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    let now_ms = engine.store.now_ms;
    let outcome = engine.run(client, db, spec, args, now_ms);
    let error = match &outcome {
        Err(Refusal::Missing(_)) => return outcome,
        Err(Refusal::Wire(line)) | Ok(Reply::Error(line)) => Some(&**line),
        _ => None,
    };
    let micros = engine.clock.monotonic_us().saturating_sub(began_us);
    account(engine, client, spec, args, error, micros);
    outcome
}

/// Runs a call of a script, which has passed what is asked of such calls. Counts it unless it has to run again.
pub fn run_in_script(
    engine: &mut Engine,
    client: ClientId,
    spec: &'static Spec,
    args: Args<'_>,
) -> Result<Reply, Refusal> {
    run_inner(engine, client, spec, args)
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

fn refuse(engine: &mut Engine, refusal: Refusal) -> Executed {
    let Refusal::Wire(line) = refusal else { return Executed::Reply(Reply::Null) };
    engine.stats.count_error(&line);
    Executed::Reply(Reply::Error(line))
}

fn account(
    engine: &mut Engine,
    client: ClientId,
    spec: &'static Spec,
    args: Args<'_>,
    error: Option<&str>,
    micros: u64,
) {
    engine.stats.count_call(spec, micros, error.is_some(), engine.config.latency_tracking);
    let is_counted = std::mem::take(&mut engine.stats.error_is_counted);
    if let Some(line) = error.filter(|_| !is_counted) {
        engine.stats.count_error(line);
    }
    let slow_ms = engine.config.latency_monitor_threshold_ms;
    if slow_ms > 0 && micros / 1000 >= slow_ms {
        let event = if spec.has(Flag::Fast) { "fast-command" } else { "command" };
        engine.stats.latency.add(event, engine.clock.now_ms() / 1000, micros / 1000);
    }
    let limit = engine.config.slowlog_log_slower_than_us;
    if limit >= 0 && micros as i64 >= limit && !spec.has(Flag::SkipSlowlog) {
        add_slow(engine, client, spec, args, micros);
    }
}

fn add_slow(engine: &mut Engine, client: ClientId, spec: &Spec, args: Args<'_>, micros: u64) {
    let Some(c) = engine.clients.get(client) else { return };
    let call = SlowCall {
        id: 0,
        at_s: engine.clock.now_ms() / 1000,
        micros,
        args: shown(spec, args),
        addr: c.addr.clone(),
        client_name: c.name.clone(),
    };
    let max = engine.config.slowlog_max_len as usize;
    engine.stats.add_slow(call, max);
}

/// The arguments as a log may show them: without passwords.
fn shown(spec: &Spec, args: Args<'_>) -> Vec<Vec<u8>> {
    let secret = |i: usize| match spec.name {
        "auth" => i > 0,
        "hello" => i > 1,
        "config|set" => i > 2 && i % 2 == 1 && is_secret(args.at(i - 1)),
        _ => false,
    };
    let one = |(i, arg): (usize, &[u8])| if secret(i) { b"(redacted)".to_vec() } else { SlowCall::shorten(arg) };
    let whole = if args.len() > SLOW_ARGS { SLOW_ARGS - 1 } else { args.len() };
    let mut shown: Vec<Vec<u8>> = args.iter().enumerate().take(whole).map(one).collect();
    if whole < args.len() {
        shown.push(format!("... ({} more arguments)", args.len() - whole).into_bytes());
    }
    shown
}

fn is_secret(option: &[u8]) -> bool {
    let found = std::str::from_utf8(option).ok().and_then(config::find);
    found.is_some_and(|(spec, _)| spec.kind == config::Kind::Secret)
}
