//! EXEC: runs what was queued since MULTI, as one: nobody sees a part of it, one commit holds all of it.
//!
//! The whole queue runs under one hold of the engine lock. A call that fails has its error among the answers, the others
//! run all the same. Who waits for a key is served after the last call. What the calls need from disk is loaded
//! before the first of them changes anything ([`warm`]): after that there is no way back.
//!
//! Always answered as a whole or not at all: where a queued CLIENT REPLY or CLIENT KILL makes the reference break off in the
//! middle of the array, it is not sent (CLIENT REPLY), or sent to its end.

use super::warm;
use crate::broker::Ctx;
use crate::broker::Engine;
use crate::broker::client::ClientId;
use crate::broker::errand::Errand;
use crate::broker::transaction::Queued;
use crate::command::args::Args;
use crate::command::dispatch;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::load::Missing;
use std::sync::Arc;

/// EXEC.
pub static SPEC: Spec = Spec {
    name: "exec",
    summary: "Runs what was queued since MULTI, as one.",
    since: "1.2.0",
    group: Group::Transaction,
    complexity: "The sum of the queued calls",
    arity: 1,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::SkipSlowlog, Flag::Unqueued, Flag::RunsQueue],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

/// Loads after which a transaction is given up: what it needs is dropped from memory again before it has all of it.
const MOST_LOADS: u32 = 1000;

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let (client, engine) = (ctx.client, &mut *ctx.engine);
    let broken = engine.watch_is_broken(client, ctx.now_ms);
    let transaction = engine.clients.get(client).and_then(|c| c.transaction.as_ref());
    let transaction = transaction.ok_or(error::transaction::EXEC_WITHOUT_MULTI)?;
    let (calls, spoilt) = (Arc::clone(transaction.calls()), transaction.spoilt);
    if spoilt || broken {
        engine.discard(client);
        return if spoilt { Err(error::transaction::ABORTED) } else { Ok(Reply::NullArray) };
    }
    engine.in_transaction = true;
    let outcome = warm::up(engine, client, &calls).and_then(|()| run_all(engine, client, &calls));
    engine.in_transaction = false;
    let answers = match outcome {
        Ok(answers) => answers,
        Err(missing) => return Err(load(engine, client, missing)),
    };
    engine.discard(client);
    answers.into_reply()
}

/// Has something loaded, after which EXEC runs again from its start; not for ever.
fn load(engine: &mut Engine, client: ClientId, missing: Missing) -> Refusal {
    let transaction = engine.clients.get_mut(client).and_then(|c| c.transaction.as_mut());
    match transaction.filter(|t| t.loads < MOST_LOADS) {
        Some(transaction) => {
            transaction.loads += 1;
            Refusal::Missing(missing)
        }
        None => {
            engine.discard(client);
            Refusal::Wire(error::TOO_LITTLE_MEMORY.into())
        }
    }
}

#[derive(Default)]
struct Answers {
    replies: Vec<Reply>,
    errands: Vec<(usize, Errand)>,
}

impl Answers {
    fn into_reply(self) -> Result<Reply, Refusal> {
        if self.errands.is_empty() {
            return Ok(Reply::Array(self.replies));
        }
        Err(Refusal::Errand(Errand::Several(self.replies, self.errands)))
    }

    fn take(&mut self, spec: &Spec, outcome: Result<Reply, Refusal>) {
        let reply = match outcome {
            Ok(reply) => reply,
            Err(Refusal::Wire(line)) => Reply::Error(line),
            // Nothing waits inside a transaction: its time is up at once.
            // (Where one element is wanted, the reference then says so with another null than at the end of a wait.)
            Err(Refusal::Park(_)) if matches!(spec.name, "blmove" | "brpoplpush") => Reply::Null,
            Err(Refusal::Park(park)) => park.empty,
            Err(Refusal::Errand(errand)) => {
                self.errands.push((self.replies.len(), errand));
                Reply::Null
            }
            Err(Refusal::Missing(_)) => {
                debug_assert!(false, "a rehearsal overlooked what a call needs");
                Reply::Error(error::TOO_LITTLE_MEMORY.into())
            }
        };
        self.replies.push(reply);
    }
}

/// Runs the calls. As long as none of them has changed anything, one that misses something ends it all for now.
fn run_all(engine: &mut Engine, client: ClientId, calls: &[Queued]) -> Result<Answers, Missing> {
    let db = engine.clients.get(client).map_or(0, |c| c.db);
    let mut answers = Answers { replies: Vec::with_capacity(calls.len()), errands: Vec::new() };
    let mut begun = false;
    for queued in calls {
        let repeatable = warm::is_repeatable(queued.spec);
        if !begun && !repeatable && !queued.spec.kind.writes() {
            begin(engine, client, &mut begun);
        }
        let outcome = dispatch::run_queued(engine, client, queued);
        match outcome {
            Err(Refusal::Missing(missing)) if !begun => {
                if let Some(c) = engine.clients.get_mut(client) {
                    c.db = db;
                }
                return Err(missing);
            }
            outcome => answers.take(queued.spec, outcome),
        }
        if !begun && !repeatable {
            begin(engine, client, &mut begun);
        }
        engine.note_changes();
    }
    Ok(answers)
}

/// From here on there is no way back.
fn begin(engine: &mut Engine, client: ClientId, begun: &mut bool) {
    *begun = true;
    engine.unwatch(client);
}
