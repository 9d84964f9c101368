//! One client of the broker, on a socket or in process; the one door to the engine.
//!
//! A session runs a burst of calls under one hold of the engine lock and gets back what stopped it. Whoever drives the
//! session (a connection, or [`crate::Session`] in process) commits, loads and waits without the lock.
//! Must never know: sockets, RESP frames.

use crate::broker::client::{ClientId, Origin, Traffic};
use crate::broker::commit::Ticket;
use crate::broker::errand::Errand;
use crate::broker::mailbox::Message;
use crate::broker::shared::{Locked, Shared};
use crate::broker::wait::Answer;
use crate::broker::{Engine, Executed, Terms};
use crate::command::args::Args;
use crate::command::dispatch::dispatch;
use crate::reply::Reply;
use crate::resp::Protocol;
use brooklet_storage::load::{Loaded, Missing};
use std::sync::Arc;
use tokio::sync::Notify;

/// Why a burst stopped.
#[derive(Debug)]
pub enum Stop {
    /// All calls ran, or the share of one turn is used up.
    Turn,
    /// The last call waits.
    Parked(Answer),
    /// The next call needs something from the disk.
    Missing(Missing),
    /// The last call is answered by what this errand brings.
    Errand(Errand),
    /// The next call must not run before this time, Unix milliseconds.
    Paused(i64),
    /// The session must end after its replies.
    Close,
}

/// What one turn did.
#[derive(Debug)]
pub struct Turn {
    /// Calls that ran; the next one is this index.
    pub next: usize,
    /// Why it stopped.
    pub stop: Stop,
    /// The replies may leave when this is committed.
    pub ticket: Ticket,
    /// The terms on which the session goes on.
    pub terms: Terms,
}

/// What goes out to a client.
#[derive(Debug)]
pub enum Outgoing {
    /// The answer to its call.
    Reply(Reply),
    /// A message. It may leave when the ticket is committed that was given with it.
    Message(Arc<Message>),
}

/// What a look at the bell brought.
#[derive(Debug)]
pub struct Told {
    /// The terms on which the session goes on.
    pub terms: Terms,
    /// Somebody ended this session.
    pub killed: bool,
    /// Messages were handed out, which may leave when this is committed.
    pub ticket: Option<Ticket>,
    /// There are more messages than there was room for.
    pub more: bool,
}

/// What is to happen after a reply.
enum After {
    Next,
    /// The driver takes no more replies now.
    Full,
    End,
}

/// Calls that run under one hold of the lock at most.
const TURN_CALLS: usize = 512;
/// Microseconds after which a turn ends between two calls.
const TURN_US: u64 = 1000;

/// A client's seat at the engine.
pub struct Seat {
    shared: Arc<Shared>,
    id: ClientId,
    outside: Arc<Notify>,
    /// Messages go out between replies. A session in process asks for them instead.
    pushes: bool,
}

impl Seat {
    /// Opens a session; `None` if there are too many.
    pub fn open(shared: &Arc<Shared>, origin: Origin) -> Option<Seat> {
        let mut engine = shared.engine();
        if engine.clients.len() >= engine.config.maxclients as usize {
            engine.stats.rejected_connections += 1;
            return None;
        }
        engine.stats.total_connections += 1;
        let pushes = origin.fd >= 0;
        let id = engine.open_client(origin);
        if let Some(client) = engine.clients.get_mut(id).filter(|_| !pushes) {
            // Messages come apart from its replies, so it needs no mode for them.
            client.protocol = Protocol::Resp3;
        }
        let outside = engine.clients.get(id).map(|c| Arc::clone(&c.outside)).unwrap_or_default();
        drop(engine);
        Some(Seat { shared: Arc::clone(shared), id, outside, pushes })
    }

    /// The client's number.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// The broker.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Rings when the session must look whether it was killed.
    pub fn outside(&self) -> &Arc<Notify> {
        &self.outside
    }

    /// Tells what went over the socket; the terms, and whether somebody ended this session.
    pub fn tell(&self, traffic: Traffic) -> (Terms, bool) {
        let mut engine = self.shared.engine();
        engine.note_traffic(self.id, traffic);
        (engine.terms(self.id), engine.clients.get(self.id).is_none_or(|c| c.killed))
    }

    /// Whether somebody ended this session.
    pub fn is_killed(&self) -> bool {
        self.shared.engine().clients.get(self.id).is_none_or(|c| c.killed)
    }

    /// [`Seat::tell`], and hands out messages until `room` bytes are used up. `parked`: the session waits for a call. Once
    /// that is answered, the answer goes first.
    pub fn collect(
        &self,
        traffic: Traffic,
        room: usize,
        parked: bool,
        mut out: impl FnMut(Protocol, Arc<Message>),
    ) -> Told {
        let mut engine = self.shared.engine();
        engine.note_traffic(self.id, traffic);
        let held_up = engine.keeps_mail(self.id) || (parked && !engine.waits.contains(self.id));
        let (mut taken, mut more, mut killed) = (0, false, true);
        if let Some(client) = engine.clients.get_mut(self.id) {
            taken = if held_up { 0 } else { client.collect(room, &mut out) };
            (more, killed) = (!client.mailbox.is_empty(), client.killed);
        }
        let ticket = (taken > 0).then(|| engine.ticket());
        Told { terms: engine.terms(self.id), killed, ticket, more }
    }

    /// Runs calls from `from` on and hands out their replies with the protocol each was made for, and the messages in
    /// between. `answer` says whether it takes another reply in this turn.
    pub fn run<'a>(
        &self,
        calls: impl Fn(usize) -> Option<Args<'a>>,
        from: usize,
        traffic: Traffic,
        mut answer: impl FnMut(Protocol, Outgoing) -> bool,
    ) -> Turn {
        let mut engine = self.shared.engine();
        engine.note_traffic(self.id, traffic);
        engine.begin_running(self.id);
        self.empty_mailbox(&mut engine, &mut answer);
        let began_us = engine.begin_turn();
        let mut now_us = began_us;
        let mut next = from;
        let stop = loop {
            let Some(args) = calls(next) else { break Stop::Turn };
            if next == from && engine.clients.get(self.id).is_none_or(|c| c.killed) {
                break Stop::Close;
            }
            let executed = dispatch(&mut engine, self.id, args, &mut now_us);
            next += 1;
            match executed {
                Executed::Reply(reply) => match self.answer(&mut engine, reply, &mut answer) {
                    After::Next => {}
                    After::Full => break Stop::Turn,
                    After::End => break Stop::Close,
                },
                Executed::Parked(wake) => break Stop::Parked(wake),
                Executed::Held(wake) => {
                    self.shared.start_worker();
                    break Stop::Parked(wake);
                }
                Executed::Missing(missing) => {
                    next -= 1;
                    break Stop::Missing(missing);
                }
                Executed::Errand(errand) => break Stop::Errand(errand),
                Executed::Paused(until_ms) => {
                    next -= 1;
                    break Stop::Paused(until_ms);
                }
            }
            self.empty_mailbox(&mut engine, &mut answer);
            if next - from >= TURN_CALLS || now_us.saturating_sub(began_us) >= TURN_US {
                break Stop::Turn;
            }
        };
        self.empty_mailbox(&mut engine, &mut answer);
        engine.end_running();
        let now_ms = engine.store.now_ms;
        let mut web_request = false;
        if let Some(client) = engine.clients.get_mut(self.id) {
            client.active_ms = now_ms;
            web_request = client.sent_web_request;
        }
        let turn = Turn { next, stop, ticket: engine.ticket(), terms: engine.terms(self.id) };
        if web_request {
            self.report_web_request(engine);
        }
        turn
    }

    /// Says once a minute that somebody's browser may be talking to us.
    fn report_web_request(&self, mut engine: Locked<'_>) {
        let now_ms = engine.clock.now_ms();
        let silent = now_ms - engine.stats.web_request_ms < 60_000;
        let addr = engine.clients.get(self.id).map(|c| c.addr.clone()).unwrap_or_default();
        if !silent {
            engine.stats.web_request_ms = now_ms;
            drop(engine);
            tracing::warn!("{addr} sent a web request (POST or Host:); closed, because a browser may be abused");
        }
    }

    /// Hands out one reply.
    fn answer(&self, engine: &mut Engine, reply: Reply, answer: &mut impl FnMut(Protocol, Outgoing) -> bool) -> After {
        let Some(client) = engine.clients.get_mut(self.id) else { return After::End };
        let silent = !client.takes_reply() || matches!(reply, Reply::Nothing);
        let more = silent || answer(client.protocol, Outgoing::Reply(reply));
        match client.close_after_reply || client.killed {
            true => After::End,
            false if more => After::Next,
            false => After::Full,
        }
    }

    /// Hands out all messages that came so far.
    #[inline]
    fn empty_mailbox(&self, engine: &mut Engine, out: &mut impl FnMut(Protocol, Outgoing) -> bool) {
        if self.pushes
            && engine.own_mail
            && !engine.keeps_mail(self.id)
            && let Some(client) = engine.clients.get_mut(self.id)
        {
            client.collect(usize::MAX, |protocol, message| {
                out(protocol, Outgoing::Message(message));
            });
            engine.own_mail = false;
        }
    }

    /// The answer of a parked call, as it is to be sent. Messages that came meanwhile follow when the bell is answered.
    pub fn woken(&self, reply: Reply, mut answer: impl FnMut(Protocol, Reply)) {
        let mut engine = self.shared.engine();
        self.answer(&mut engine, reply, &mut |protocol, outgoing| {
            if let Outgoing::Reply(reply) = outgoing {
                answer(protocol, reply);
            }
            true
        });
        if let Some(client) = engine.clients.get(self.id).filter(|c| !c.mailbox.is_empty()) {
            client.outside.notify_one();
        }
    }

    /// Puts what was loaded in its place.
    pub fn install(&self, loaded: Loaded) {
        self.shared.engine().install(self.id, loaded);
    }

    /// Gives up a parked call: nobody waits for its answer any more.
    pub fn cancel(&self) {
        self.shared.engine().cancel_wait(self.id);
    }

    /// Continues a parked call whose load is done.
    pub fn resume(&self, loaded: Loaded) {
        self.shared.engine().resume(self.id, loaded);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.engine().close(self.id);
    }
}
