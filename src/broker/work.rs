//! Work that may need more than one hold of the engine lock: a transaction or a script that has changed something and
//! then misses what is only on disk, or that takes long.
//!
//! Until it is finished, such work *holds* the engine: the calls of others wait (`command/gate.rs`), no wait ends and no
//! key vanishes ([`Engine::is_held`]), no checkpoint is cut, and nothing of it is committed (the store's unit), so that
//! nobody ever sees a part of it, on whatever side of a crash. A thread of its own takes it step by step; between two
//! steps the lock is free, for the loads it needs and for those who may end it. Must never know: verbs.

use super::client::ClientId;
use super::commit::Ticket;
use super::errand::Errand;
use super::shared::Shared;
use super::wait::Wake;
use super::{Engine, Executed};
use crate::command::args::{Args, OwnedArgs};
use crate::command::error::{Refusal, TOO_LITTLE_MEMORY};
use crate::command::spec::Spec;
use crate::reply::Reply;
use brooklet_storage::load::{Loaded, Missing};
use std::fmt::Debug;
use tokio::sync::oneshot;

/// Work in steps. Each runs under one hold of the engine lock; all of them happen at one time.
pub trait Work: Send + Debug {
    /// Goes on.
    fn step(&mut self, engine: &mut Engine) -> Step;
}

/// What became of a step.
#[derive(Debug)]
pub enum Step {
    /// It was the last one; this is the answer.
    Done(Result<Reply, Refusal>),
    /// It took as long as one hold of the lock may take.
    More,
    /// Something must be loaded before the next one.
    Missing(Missing),
}

/// Work that holds the engine.
#[derive(Debug)]
pub struct Held {
    client: ClientId,
    spec: &'static Spec,
    call: OwnedArgs,
    /// Not there during a step.
    work: Option<Box<dyn Work>>,
    /// The time of all steps, Unix milliseconds.
    now_ms: i64,
    /// When it began, monotonic microseconds.
    began_us: u64,
    /// How long its steps took so far.
    spent_us: u64,
    wake: oneshot::Sender<Wake>,
    /// Whose loads were done meanwhile: their parked calls go on afterwards.
    resumed: Vec<ClientId>,
    /// The client has left.
    is_orphan: bool,
    /// The broker ends: nobody will finish it.
    is_abandoned: bool,
}

/// Whether the engine is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is free.
    None,
    /// Unfinished work holds it.
    Held,
    /// It will never be free again: the broker ends.
    ForEver,
}

/// What a step of the work that holds the engine left to be done without the lock.
pub(crate) enum Left {
    /// Another step.
    More,
    /// A load, then another step.
    Load(Missing),
    /// Nothing holds the engine any more, and the answer is given.
    Nothing,
    /// An errand, whose outcome is the answer.
    Answer(oneshot::Sender<Wake>, Errand, Ticket),
}

impl Engine {
    /// Lets unfinished work hold the engine.
    pub(super) fn hold(
        &mut self,
        client: ClientId,
        spec: &'static Spec,
        args: Args<'_>,
        work: Box<dyn Work>,
    ) -> Executed {
        let (wake, answer) = oneshot::channel();
        self.held = Some(Box::new(Held {
            client,
            spec,
            call: OwnedArgs::copy_of(args),
            work: Some(work),
            now_ms: self.store.now_ms,
            began_us: self.clock.monotonic_us(),
            spent_us: 0,
            wake,
            resumed: Vec::new(),
            is_orphan: false,
            is_abandoned: false,
        }));
        Executed::Held(answer)
    }

    /// Whether unfinished work holds the engine: then nothing else may change the store or look at it.
    #[inline]
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// [`Engine::is_held`], and whether that will end.
    pub(crate) fn hold_state(&self) -> Hold {
        match &self.held {
            None => Hold::None,
            Some(held) if held.is_abandoned => Hold::ForEver,
            Some(_) => Hold::Held,
        }
    }

    /// For how long the engine has been held, in milliseconds.
    pub fn held_ms(&self) -> Option<u64> {
        let held = self.held.as_ref()?;
        Some(self.clock.monotonic_us().saturating_sub(held.began_us) / 1000)
    }

    /// Adds to the time that the held work took.
    pub(crate) fn spend_on_held(&mut self, micros: u64) {
        if let Some(held) = &mut self.held {
            held.spent_us += micros;
        }
    }

    /// Notes that a parked call can go on; says whether it has to wait for held work first.
    pub(super) fn resume_after_hold(&mut self, client: ClientId) -> bool {
        self.held.as_mut().map(|held| held.resumed.push(client)).is_some()
    }

    /// Notes that the client of the held work has left; says whether it is this one.
    pub(super) fn orphan_held(&mut self, client: ClientId) -> bool {
        match self.held.as_mut().filter(|held| held.client == client) {
            Some(held) => {
                held.is_orphan = true;
                true
            }
            None => false,
        }
    }

    /// Does the next step of what holds the engine.
    pub(crate) fn step_held(&mut self) -> Left {
        self.actor = self.held.as_ref().map(|held| held.client);
        let left = self.step_as_actor();
        self.actor = None;
        left
    }

    fn step_as_actor(&mut self) -> Left {
        let Some(held) = &mut self.held else { return Left::Nothing };
        let Some(mut work) = held.work.take() else { return Left::Nothing };
        self.store.now_ms = held.now_ms;
        let began_us = self.clock.monotonic_us();
        let step = work.step(self);
        let spent_us = self.clock.monotonic_us().saturating_sub(began_us);
        self.spend_on_held(spent_us);
        let left = match step {
            Step::More => Left::More,
            Step::Missing(missing) => Left::Load(missing),
            Step::Done(outcome) => return self.release(outcome),
        };
        if let Some(held) = &mut self.held {
            held.work = Some(work);
        }
        left
    }

    /// The held work is finished: it counts, and everything goes on.
    fn release(&mut self, outcome: Result<Reply, Refusal>) -> Left {
        let Some(held) = self.held.take() else { return Left::Nothing };
        let now_ms = held.now_ms;
        self.store.end_unit();
        self.forget_names(held.client);
        let outcome = settled(outcome);
        let error = match &outcome {
            Ok(Reply::Error(line)) => Some(&**line),
            _ => None,
        };
        self.account(held.client, held.spec, held.call.as_args(), error, held.spent_us);
        self.catch_up();
        self.serve_signals(now_ms);
        let ticket = self.ticket();
        if held.is_orphan {
            self.close(held.client);
        }
        for client in held.resumed {
            self.run_again_for(client);
        }
        self.ring_late();
        self.tasks.rearm_timer();
        match outcome {
            Ok(reply) => {
                let _ = held.wake.send(Wake::Answer(reply, ticket));
                Left::Nothing
            }
            Err(errand) => Left::Answer(held.wake, errand, ticket),
        }
    }
}

/// What finished work answers. It can neither wait nor miss anything: that is what its steps are for.
fn settled(outcome: Result<Reply, Refusal>) -> Result<Reply, Errand> {
    match outcome {
        Ok(reply) => Ok(reply),
        Err(Refusal::Wire(line)) => Ok(Reply::Error(line)),
        Err(Refusal::Errand(errand)) => Err(errand),
        Err(Refusal::Park(park)) => Ok(park.at_once),
        Err(Refusal::Missing(_) | Refusal::Unfinished(_)) => {
            debug_assert!(false, "finished work has not finished");
            Ok(Reply::Error(TOO_LITTLE_MEMORY.into()))
        }
    }
}

/// Takes the work that holds the engine to its end, or to that of the broker.
pub(super) fn drive(shared: &Shared) {
    while drive_step(shared) {
        std::thread::yield_now();
    }
}

/// One step of the work that holds the engine, and what it needs without the lock; whether there may be another one.
pub fn drive_step(shared: &Shared) -> bool {
    let left = {
        let mut engine = shared.engine();
        if shared.tasks().ending().is_some() {
            // Nothing of it was committed or acknowledged.
            engine.held.iter_mut().for_each(|held| held.is_abandoned = true);
            return false;
        }
        engine.step_held()
    };
    match left {
        Left::Nothing => return false,
        Left::More => {}
        Left::Load(missing) => match shared.load(missing) {
            Ok(loaded) => shared.engine().install_for_held(loaded),
            Err(_) => return false,
        },
        Left::Answer(wake, errand, ticket) => {
            let _ = wake.send(Wake::Answer(errand.run(shared), ticket));
            return false;
        }
    }
    true
}

impl Engine {
    fn install_for_held(&mut self, loaded: Loaded) {
        if let Some(client) = self.held.as_ref().map(|held| held.client) {
            self.install(client, loaded);
        }
    }
}
