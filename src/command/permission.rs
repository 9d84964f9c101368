//! Whether a client's user may make a call: asked by the gate, by EXEC for each queued call, by scripts for each of theirs,
//! and before a parked call runs again.
//!
//! Must never know: rules. What is denied is noted in the log of the access lists.

use super::args::Args;
use super::connection;
use super::error::{self, Refusal};
use super::spec::Spec;
use crate::acl::{Context, Denial, Entry, Reason};
use crate::broker::Engine;
use crate::broker::client::ClientId;

/// Passes a call, or refuses it.
#[inline]
pub fn check(engine: &mut Engine, client: ClientId, spec: &'static Spec, args: Args<'_>) -> Result<(), Refusal> {
    let context = match engine.clients.get(client) {
        Some(c) if !c.unrestricted && c.transaction.is_some() => Context::Multi,
        Some(c) if !c.unrestricted => Context::TopLevel,
        _ => return Ok(()),
    };
    check_in(engine, client, spec, args, context).map_err(|denial| refusal(engine, client, spec, &denial))
}

/// The same for a call inside of another one; the reason has no text yet.
#[inline]
pub fn check_in(
    engine: &mut Engine,
    client: ClientId,
    spec: &'static Spec,
    args: Args<'_>,
    context: Context,
) -> Result<(), Denial> {
    if engine.clients.get(client).is_none_or(|c| c.unrestricted) {
        return Ok(());
    }
    let denied = match engine.user_of(client) {
        Some(user) => user.check(spec, args),
        // It was removed, and the client ends.
        None => Err(Denial::Command),
    };
    denied.inspect_err(|denial| {
        let (reason, object) = match denial {
            Denial::Command => (Reason::Command, spec.name.as_bytes()),
            Denial::Key(name) => (Reason::Key, name.as_slice()),
            Denial::Channel(name) => (Reason::Channel, name.as_slice()),
        };
        let username = engine.user_of(client).map_or_else(Vec::new, |user| user.name().to_vec());
        if let Some(c) = engine.clients.get_mut(client).filter(|_| context != Context::Script) {
            c.last_command = spec.name;
        }
        note(engine, client, Entry { context, ..entry(reason, object, username) });
    })
}

/// The line for a call that is denied.
pub fn refusal(engine: &Engine, client: ClientId, spec: &Spec, denial: &Denial) -> Refusal {
    let name = engine.user_of(client).map_or(&b""[..], |user| user.name());
    error::acl::denied(name, spec.name, denial)
}

/// Notes that a login was denied; `verb` is the one with which it was tried.
pub fn note_login(engine: &mut Engine, client: ClientId, verb: &str, username: &[u8]) {
    let in_transaction = engine.clients.get(client).is_some_and(|c| c.transaction.is_some());
    let context = if in_transaction { Context::Multi } else { Context::TopLevel };
    note(engine, client, Entry { context, ..entry(Reason::Auth, verb.as_bytes(), username.to_vec()) });
}

fn entry(reason: Reason, object: &[u8], username: Vec<u8>) -> Entry {
    Entry {
        count: 1,
        reason,
        context: Context::TopLevel,
        object: object.to_vec(),
        username,
        client: String::new(),
        id: 0,
        created_ms: 0,
        updated_ms: 0,
    }
}

fn note(engine: &mut Engine, client: ClientId, entry: Entry) {
    let described = engine.clients.get(client).map(|c| connection::client::line::describe(engine, c));
    let client = described.map_or_else(String::new, |line| line.trim_end().to_owned());
    let now_ms = engine.clock.now_ms();
    let longest = usize::try_from(engine.config.acllog_max_len).unwrap_or(usize::MAX);
    engine.access.log.add(Entry { client, created_ms: now_ms, updated_ms: now_ms, ..entry }, longest);
}
