//! A client of the broker, one step at a time: what a connection does in one go is taken apart here, so that anything may
//! come between finding that something is missing, reading it and putting it in place, and between running a call and
//! committing it.

use crate::op::{Name, Op};
use crate::value::Value;
use brooklet::Reply;
use brooklet::broker::client::{Origin, Traffic};
use brooklet::broker::commit::First;
use brooklet::broker::shared::Shared;
use brooklet::broker::wait::{Answer, Wake};
use brooklet::command::args::OwnedArgs;
use brooklet::session::{Outgoing, Seat, Stop};
use brooklet_storage::load::{Loaded, Missing};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::oneshot::error::TryRecvError;

pub struct Client {
    seat: Seat,
    calls: Vec<OwnedArgs>,
    next: usize,
    phase: Phase,
    pub op: Option<Op>,
    /// Which of all operations this was, once it ran.
    pub ran: Option<u64>,
    /// When the last call was handed in.
    pub began_ms: i64,
    /// Where it stands among those who wait.
    pub place: u64,
    /// What it watches.
    pub watch: Option<Watch>,
}

/// Keys that a client watches, as the model sees it.
pub struct Watch {
    pub keys: Vec<Name>,
    /// One of them has become another since.
    pub is_broken: bool,
    /// When the first of them ends by itself.
    pub until_ms: i64,
}

impl Watch {
    /// Whether a transaction does nothing now.
    pub fn is_over(&self, now_ms: i64) -> bool {
        self.is_broken || self.until_ms <= now_ms
    }
}

enum Phase {
    Idle,
    Ready,
    Missing(Missing),
    Loaded(Loaded),
    Parked(Answer),
    ParkedMissing(Missing, Answer),
    ParkedLoaded(Loaded, Answer),
    Committing(u64),
    Over,
}

/// What a step came to.
pub enum Event {
    /// It is not finished.
    Nothing,
    /// It watches from now on.
    Watches,
    /// It waits.
    Parked,
    /// The engine has run the operation; nobody has been told yet.
    Ran(Value),
    /// The client has its reply.
    Answered,
    /// There will be no reply.
    Ended,
}

impl Client {
    pub fn new(shared: &Arc<Shared>) -> Client {
        let seat = Seat::open(shared, Origin::in_process()).expect("room for a client");
        let (calls, phase) = (Vec::new(), Phase::Idle);
        Client { seat, calls, next: 0, phase, op: None, ran: None, began_ms: 0, place: 0, watch: None }
    }

    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// Whether its call waits for somebody else.
    pub fn is_parked(&self) -> bool {
        matches!(self.phase, Phase::Parked(_))
    }

    /// Whether it is in the engine's queue of those who wait, perhaps while something is loaded for it.
    pub fn is_queued(&self) -> bool {
        matches!(self.phase, Phase::Parked(_) | Phase::ParkedMissing(..) | Phase::ParkedLoaded(..))
    }

    pub fn ask(&mut self, op: Op) {
        self.calls = op.calls().iter().map(OwnedArgs::collect).collect();
        (self.next, self.phase, self.ran, self.watch) = (0, Phase::Ready, None, None);
        self.op = Some(op);
    }

    pub fn step(&mut self) -> Event {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Idle => {
                self.phase = Phase::Idle;
                Event::Nothing
            }
            Phase::Ready => self.run(),
            Phase::Missing(missing) => self.load(missing, Phase::Loaded),
            Phase::ParkedMissing(missing, wake) => self.load(missing, |loaded| Phase::ParkedLoaded(loaded, wake)),
            Phase::Loaded(loaded) => {
                self.seat.install(loaded);
                self.go_on(Phase::Ready)
            }
            Phase::ParkedLoaded(loaded, wake) => {
                self.seat.resume(loaded);
                self.go_on(Phase::Parked(wake))
            }
            Phase::Parked(wake) => self.look(wake, Phase::Parked),
            Phase::Committing(ticket) => self.commit(ticket),
            Phase::Over => Event::Ended,
        }
    }

    fn go_on(&mut self, phase: Phase) -> Event {
        self.phase = phase;
        Event::Nothing
    }

    fn run(&mut self) -> Event {
        let mut last = None;
        let calls = &self.calls;
        // Between a watch and its transaction anything may happen.
        let is_watch = self.next == 0 && matches!(self.op, Some(Op::Watched { .. }));
        let end = if is_watch { 1 } else { calls.len() };
        let turn = self.seat.run(
            |i| calls[..end].get(i).map(OwnedArgs::as_args),
            self.next,
            Traffic::default(),
            |_, out| {
                if let Outgoing::Reply(reply) = out {
                    last = Some(reply);
                }
                true
            },
        );
        self.next = turn.next;
        match turn.stop {
            Stop::Turn if self.next == end => {
                let answer = value(last.expect("a reply"));
                if is_watch && answer == Value::ok() {
                    self.phase = Phase::Ready;
                    return Event::Watches;
                }
                self.phase = Phase::Committing(turn.ticket);
                Event::Ran(answer)
            }
            Stop::Turn | Stop::Paused(_) => self.go_on(Phase::Ready),
            Stop::Missing(missing) => self.go_on(Phase::Missing(missing)),
            Stop::Parked(wake) => {
                self.phase = Phase::Parked(wake);
                Event::Parked
            }
            Stop::Close => Event::Ended,
            Stop::Errand(errand) => panic!("no command of the simulation has errands: {errand:?}"),
        }
    }

    fn load(&mut self, missing: Missing, then: impl FnOnce(Loaded) -> Phase) -> Event {
        match self.seat.shared().load(missing) {
            Ok(loaded) => self.go_on(then(loaded)),
            Err(_) => Event::Ended,
        }
    }

    /// Whether the engine has answered the call that waits; that may also be while something is loaded for it.
    pub fn look_aside(&mut self) -> Event {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::Parked(wake) => self.look(wake, Phase::Parked),
            Phase::ParkedMissing(missing, wake) => self.look(wake, |wake| Phase::ParkedMissing(missing, wake)),
            Phase::ParkedLoaded(loaded, wake) => self.look(wake, |wake| Phase::ParkedLoaded(loaded, wake)),
            other => self.go_on(other),
        }
    }

    fn look(&mut self, mut wake: Answer, waits: impl FnOnce(Answer) -> Phase) -> Event {
        match wake.try_recv() {
            Ok(Wake::Answer(reply, ticket)) => {
                let mut last = None;
                self.seat.woken(reply, |_, reply| last = Some(reply));
                self.phase = Phase::Committing(ticket);
                Event::Ran(value(last.expect("a reply")))
            }
            Ok(Wake::Load(missing, again)) => self.go_on(Phase::ParkedMissing(missing, again)),
            Err(TryRecvError::Empty) => self.go_on(waits(wake)),
            Err(TryRecvError::Closed) => Event::Ended,
        }
    }

    fn commit(&mut self, ticket: u64) -> Event {
        let shared = Arc::clone(self.seat.shared());
        let polled = {
            let committed = std::pin::pin!(shared.committer().committed(shared.engine_lock(), ticket, First::Nobody));
            committed.poll(&mut Context::from_waker(Waker::noop()))
        };
        match polled {
            Poll::Pending => self.go_on(Phase::Committing(ticket)),
            Poll::Ready(Ok(())) => {
                self.phase = Phase::Idle;
                Event::Answered
            }
            Poll::Ready(Err(_)) => Event::Ended,
        }
    }

    /// Asks and takes the answer as the engine gives it, without waiting for its commit. `None` if the engine is held.
    pub fn peek(&mut self, op: Op) -> Option<Value> {
        self.ask(op);
        for _ in 0..100 {
            match self.step() {
                Event::Ran(value) => {
                    self.phase = Phase::Idle;
                    return Some(value);
                }
                Event::Nothing if matches!(self.phase, Phase::Ready) && self.is_held() => return None,
                Event::Nothing => {}
                Event::Watches | Event::Parked | Event::Answered | Event::Ended => {
                    panic!("a look at {:?} failed", self.op)
                }
            }
        }
        panic!("a look at {:?} does not end", self.op)
    }

    fn is_held(&self) -> bool {
        self.seat.shared().engine().is_held()
    }
}

fn value(mut reply: Reply) -> Value {
    reply.unfold();
    Value::of(&reply)
}
