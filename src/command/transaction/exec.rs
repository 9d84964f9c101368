//! EXEC: runs what was queued since MULTI, as one: nobody sees a part of it, one commit holds all of it.
//!
//! The queue usually runs under one hold of the engine lock. A call that fails has its error among the answers, the
//! others run all the same. Who waits for a key is served after the last call. What the calls need from disk is loaded before the
//! first of them, as far as that can be known ([`warm`]). A call that misses something nevertheless, after others have changed
//! something, holds the engine until that is loaded ([`crate::broker::work`]).
//!
//! Always answered as a whole or not at all: where a queued CLIENT REPLY or CLIENT KILL makes the reference break off in the
//! middle of the array, it is not sent (CLIENT REPLY), or sent to its end.

use super::warm;
use crate::broker::Ctx;
use crate::broker::Engine;
use crate::broker::client::ClientId;
use crate::broker::errand::Errand;
use crate::broker::transaction::Queued;
use crate::broker::work::{Step, Work};
use crate::command::args::Args;
use crate::command::dispatch;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::resp::Protocol;
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

/// Loads after which a transaction, or a call of one that has begun, is given up: what it needs is dropped from memory
/// again before it has all of it.
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
    if let Err(missing) = warm::up(engine, ctx.db, &calls) {
        return Err(load(engine, client, missing));
    }
    engine.store.begin_unit();
    let watched = engine.watches.suspend(client);
    let mut queue = Queue::new(engine, client, calls);
    match queue.step(engine) {
        Step::Done(answers) => {
            engine.discard(client);
            answers
        }
        Step::Missing(missing) if queue.may_begin_again(engine) => {
            if let Some(c) = engine.clients.get_mut(client) {
                c.db = ctx.db;
            }
            engine.resume_watches(client, watched);
            Err(load(engine, client, missing))
        }
        Step::Missing(_) | Step::More => {
            engine.discard(client);
            Err(Refusal::Unfinished(Box::new(queue)))
        }
    }
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

/// The calls of a transaction on their way.
#[derive(Debug)]
struct Queue {
    client: ClientId,
    calls: Arc<Vec<Queued>>,
    /// The answers so far; the next call is the one behind them.
    answers: Vec<Reply>,
    errands: Vec<(usize, Errand)>,
    /// Answers from which on the client spoke another protocol: HELLO is one of the calls.
    turns: Vec<usize>,
    protocol: Protocol,
    /// The next call, if it has begun.
    begun: Option<Box<dyn Work>>,
    /// Loads for the next call.
    loads: u32,
    /// The last call was denied: that is a failure of EXEC, as the call was not run.
    denied: bool,
}

impl Queue {
    fn new(engine: &Engine, client: ClientId, calls: Arc<Vec<Queued>>) -> Queue {
        let answers = Vec::with_capacity(calls.len());
        let protocol = protocol_of(engine, client);
        Queue {
            client,
            calls,
            answers,
            errands: Vec::new(),
            turns: Vec::new(),
            protocol,
            begun: None,
            loads: 0,
            denied: false,
        }
    }

    /// Whether nothing has happened that would happen twice.
    fn may_begin_again(&self, engine: &Engine) -> bool {
        let repeatable = |queued: &Queued| queued.spec.kind.reads() || warm::selects(queued.spec);
        let answered = &self.calls[..self.answers.len()];
        self.begun.is_none() && !engine.store.unit_has_effects() && answered.iter().all(repeatable)
    }

    /// Runs the next call, or goes on with it.
    fn run_next(&mut self, engine: &mut Engine) -> Step {
        let next = self.answers.len();
        if let Some(mut begun) = self.begun.take() {
            let step = begun.step(engine);
            if !matches!(step, Step::Done(_)) {
                self.begun = Some(begun);
            }
            return step;
        }
        let queued = &self.calls[next];
        let checked = dispatch::check_queued(engine, self.client, queued);
        self.denied = checked.is_err();
        if let Err(refusal) = checked {
            return Step::Done(Err(refusal));
        }
        match dispatch::run_inside(engine, self.client, queued.spec, queued.call.as_args()) {
            Err(Refusal::Unfinished(work)) => {
                self.begun = Some(work);
                Step::More
            }
            Err(Refusal::Missing(missing)) if self.loads < MOST_LOADS => {
                self.loads += 1;
                Step::Missing(missing)
            }
            outcome => Step::Done(outcome),
        }
    }

    fn answer(&mut self, outcome: Result<Reply, Refusal>, protocol: Protocol) {
        if std::mem::replace(&mut self.protocol, protocol) != protocol {
            self.turns.push(self.answers.len());
        }
        let reply = match outcome {
            Ok(reply) => reply,
            Err(Refusal::Wire(line)) => Reply::Error(line),
            Err(Refusal::Park(park)) => park.at_once,
            Err(Refusal::Errand(errand)) => {
                self.errands.push((self.answers.len(), errand));
                Reply::Null
            }
            Err(Refusal::Missing(_) | Refusal::Unfinished(_)) => Reply::Error(error::TOO_LITTLE_MEMORY.into()),
        };
        self.answers.push(reply);
        self.loads = 0;
    }

    fn answers(&mut self) -> Result<Reply, Refusal> {
        let (mut answers, errands) = (std::mem::take(&mut self.answers), std::mem::take(&mut self.errands));
        for turn in &self.turns {
            // Twice the other one is the one that it was.
            for answer in &mut answers[..*turn] {
                *answer = match std::mem::replace(answer, Reply::Null) {
                    Reply::Other(answer) => *answer,
                    answer => Reply::Other(Box::new(answer)),
                };
            }
        }
        if errands.is_empty() {
            return Ok(Reply::Array(answers));
        }
        Err(Refusal::Errand(Errand::Several(answers, errands)))
    }
}

fn protocol_of(engine: &Engine, client: ClientId) -> Protocol {
    engine.clients.get(client).map(|c| c.protocol).unwrap_or_default()
}

impl Work for Queue {
    fn step(&mut self, engine: &mut Engine) -> Step {
        while self.answers.len() < self.calls.len() {
            match self.run_next(engine) {
                Step::Done(outcome) => self.answer(outcome, protocol_of(engine, self.client)),
                unfinished => return unfinished,
            }
        }
        if self.denied {
            engine.stats.count_failed(&SPEC);
        }
        Step::Done(self.answers())
    }
}
