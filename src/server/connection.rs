//! One connection: reads bursts, lets its seat run them, commits, sends the replies in order.
//!
//! A connection waits in one place only ([`Connection::outside`] for the next thing that happens), so a client that
//! never reads, never sends, or is killed while it waits disturbs nobody. A client that does not read its replies gets
//! no more of its calls executed; what it sends meanwhile is taken up to a limit, so that one that writes a long pipeline
//! before it reads is served. Must never know: what a command means.

use super::admission;
use super::company::OnLoop;
use super::event::{self, Bell, Event};
use super::outbox::Outbox;
use super::settings::Settings;
use super::wire::Wire;
use crate::broker::Terms;
use crate::broker::client::Traffic;
use crate::broker::commit::First;
use crate::broker::errand::Errand;
use crate::broker::mailbox::Message;
use crate::broker::shared::Shared;
use crate::broker::wait::{Answer, Wake};
use crate::command::error::TOO_LITTLE_MEMORY;
use crate::reply::Reply;
use crate::resp::{Burst, Decoder};
use crate::resp::{ProtocolError, encode_protocol_error};
use crate::session::{Outgoing, Seat, Stop, Turn};
use brooklet_storage::failpoint::{self, Point};
use brooklet_storage::load::{Loaded, Missing};
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Commands that are decoded at once.
const BURST_COMMANDS: usize = 1024;

/// Loads for one call after which it is given up: what it needs is dropped from memory again before it has all of it.
const MOST_LOADS: u32 = 10_000;
/// Request bytes that are taken from a client while it does not read.
const AHEAD_BYTES: usize = 64 << 20;
/// How often a client that does not read is measured against the limits.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long a client that is closed after a reply may take to read it.
const FAREWELL: Duration = Duration::from_secs(10);

/// How a connection ends early.
type Flow<T = ()> = ControlFlow<(), T>;

/// Serves the client at the other end of `wire` until it ends.
pub async fn serve(wire: Wire, shared: Arc<Shared>) {
    let Some((mut wire, seat)) = admission::admit(wire, &shared).await else { return };
    if let Err(why) = wire.prepare().await {
        tracing::debug!("TLS with {}: {why}", wire.origin().addr);
        return;
    }
    let _counted = OnLoop::enter();
    let mut connection = Connection::new(wire, seat);
    let _ = connection.run().await;
    connection.farewell().await;
}

struct Connection {
    wire: Wire,
    seat: Seat,
    decoder: Decoder,
    outbox: Outbox,
    settings: Settings,
    /// What the engine was not told yet.
    traffic: Traffic,
    bell: Bell,
    /// The mailbox held more than there was room for.
    more_mail: bool,
    /// Nothing more is read: the peer has closed its side, or a protocol error was answered.
    ended: bool,
}

impl Connection {
    fn new(wire: Wire, seat: Seat) -> Connection {
        let (terms, _) = seat.tell(Traffic::default());
        let settings = Settings::of(&seat.shared().engine(), terms);
        let decoder = Decoder::new(settings.limits);
        let (traffic, outbox, bell) = (Traffic::default(), Outbox::default(), Bell::of(Arc::clone(seat.outside())));
        Connection { wire, seat, decoder, outbox, settings, traffic, bell, more_mail: false, ended: false }
    }

    async fn run(&mut self) -> Flow {
        loop {
            while let Some(burst) = self.decoder.decode(BURST_COMMANDS) {
                self.run_burst(burst).await?;
            }
            if self.ended {
                return ControlFlow::Break(());
            }
            self.fit()?;
            self.decoder.release();
            self.receive().await?;
        }
    }

    /// Runs all calls of a burst; returns when their replies are in the socket or the outbox.
    async fn run_burst(&mut self, mut burst: Burst) -> Flow {
        let (mut next, mut loads) = (0, 0);
        while next < burst.len() {
            let traffic = self.take_traffic();
            let (outbox, unread) = (&mut self.outbox, self.settings.unread);
            let calls = |i: usize| (i < burst.len()).then(|| burst.args(i));
            let Turn { next: reached, stop, ticket, terms } = self.seat.run(calls, next, traffic, |protocol, out| {
                match out {
                    Outgoing::Reply(reply) => outbox.push(reply, protocol),
                    Outgoing::Message(message) => outbox.push_message(&message, protocol),
                }
                outbox.has_room(unread)
            });
            self.more_mail = false;
            loads = if reached > next { 0 } else { loads };
            let first = OnLoop::first(reached - next, reached == burst.len());
            next = reached;
            if next == burst.len() && burst.error.is_none() {
                // Who waits for a commit needs no buffer: the next connection of this turn takes it while it is warm.
                self.decoder.recycle(std::mem::take(&mut burst));
                self.decoder.release();
                next = 0;
            }
            self.commit(ticket, first).await?;
            self.send()?;
            self.keep_to(terms);
            match stop {
                Stop::Turn => {}
                Stop::Parked(wake) => self.wait(wake).await?,
                Stop::Missing(_) if loads == MOST_LOADS => {
                    self.seat.woken(Reply::Error(TOO_LITTLE_MEMORY.into()), |protocol, reply| {
                        self.outbox.push(reply, protocol);
                    });
                    next += 1;
                }
                Stop::Missing(missing) => {
                    loads += 1;
                    let loaded = self.load(missing).await?;
                    self.seat.install(loaded);
                }
                Stop::Errand(errand) => self.do_errand(errand).await?,
                Stop::Paused(until_ms) => self.pause(until_ms).await?,
                Stop::Close => return ControlFlow::Break(()),
            }
            self.drain().await?;
        }
        if let Some(error) = &burst.error {
            if *error == ProtocolError::RequestTooLarge {
                self.seat.shared().engine().stats.query_limit_disconnections += 1;
            }
            encode_protocol_error(error, self.outbox.raw());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// What the engine should be told now.
    fn take_traffic(&mut self) -> Traffic {
        let (query_bytes, output_bytes) = (self.decoder.buffered(), self.outbox.len());
        Traffic { query_bytes, output_bytes, ..std::mem::take(&mut self.traffic) }
    }

    /// Derives the settings again if the terms have changed.
    fn keep_to(&mut self, terms: Terms) {
        if terms != self.settings.terms {
            self.settings = Settings::of(&self.seat.shared().engine(), terms);
            self.decoder.set_limits(self.settings.limits);
        }
    }

    async fn commit(&mut self, ticket: u64, first: First) -> Flow {
        let shared = self.seat.shared();
        match shared.committer().committed(shared.engine_lock(), ticket, first).await {
            Ok(()) => ControlFlow::Continue(()),
            // The replies in the outbox must never leave: what they say did not happen. The process is about to end.
            Err(_) => self.cut(),
        }
    }

    async fn load(&mut self, missing: Missing) -> Flow<Loaded> {
        let shared = Arc::clone(self.seat.shared());
        if self.seat.is_killed() {
            return ControlFlow::Break(());
        }
        match tokio::task::spawn_blocking(move || shared.load(missing)).await {
            Ok(Ok(loaded)) => ControlFlow::Continue(loaded),
            _ => ControlFlow::Break(()),
        }
    }

    async fn do_errand(&mut self, errand: Errand) -> Flow {
        let shared = Arc::clone(self.seat.shared());
        let Ok(reply) = tokio::task::spawn_blocking(move || errand.run(&shared)).await else {
            return ControlFlow::Break(());
        };
        let outbox = &mut self.outbox;
        self.seat.woken(reply, |protocol, reply| outbox.push(reply, protocol));
        self.send()
    }

    /// Waits for the answer of a parked call.
    async fn wait(&mut self, mut wake: Answer) -> Flow {
        loop {
            let woken = tokio::select! {
                biased;
                woken = &mut wake => woken,
                event = self.outside() => {
                    self.handle(event, true).await?;
                    self.fit()?;
                    self.decoder.release();
                    if self.ended {
                        // The peer is gone: what it waited for must not be given to it.
                        return ControlFlow::Break(());
                    }
                    continue;
                }
            };
            match woken {
                Ok(Wake::Answer(reply, ticket)) => {
                    let outbox = &mut self.outbox;
                    self.seat.woken(reply, |protocol, reply| outbox.push(reply, protocol));
                    self.commit(ticket, OnLoop::first(0, true)).await?;
                    return self.send();
                }
                Ok(Wake::Load(missing, again)) => {
                    let loaded = self.load(missing).await?;
                    self.seat.resume(loaded);
                    wake = again;
                }
                Err(_) => return ControlFlow::Break(()),
            }
        }
    }

    /// Waits until a call that was held up may try again: at its time, or sooner, in case what held it up is over.
    async fn pause(&mut self, until_ms: i64) -> Flow {
        let left = until_ms.saturating_sub(self.seat.shared().clock().now_ms());
        let time = Duration::from_millis(left.clamp(1, 20) as u64);
        if let Ok(event) = tokio::time::timeout(time, self.outside()).await {
            self.handle(event, false).await?;
            self.fit()?;
        }
        // Who has hung up does not want its call executed later.
        if self.ended { self.cut() } else { ControlFlow::Continue(()) }
    }

    /// Sends what the socket takes now, of a long reply one slice; the rest waits in the outbox.
    fn send(&mut self) -> Flow {
        self.outbox.pour();
        while !self.outbox.unsent().is_empty() {
            match failpoint::io(Point::ReplySend, || self.wire.write(self.outbox.unsent())) {
                Ok(n) => {
                    self.outbox.advance(n);
                    self.traffic.sent += n as u64;
                    self.traffic.writes += 1;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.outbox.rest();
                    break;
                }
                Err(_) => return ControlFlow::Break(()),
            }
        }
        match self.wire.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return ControlFlow::Break(()),
            _ => {}
        }
        if self.outbox.is_over(self.settings.output, self.seat.shared().clock()) {
            self.seat.shared().engine().stats.output_limit_disconnections += 1;
            return self.cut();
        }
        ControlFlow::Continue(())
    }

    /// Waits until the client has read enough of its replies to be given more. One that goes on writing instead must not
    /// wait for us while we wait for it: it is served on, up to the limit on output.
    async fn drain(&mut self) -> Flow {
        while !self.outbox.has_room(self.settings.unread) && self.decoder.buffered() < self.ahead() {
            match tokio::time::timeout(PATIENCE, self.outside()).await {
                Ok(event) => self.handle(event, false).await?,
                Err(_) => {
                    let traffic = self.take_traffic();
                    self.seat.tell(traffic);
                }
            }
            self.send()?;
        }
        ControlFlow::Continue(())
    }

    /// Request bytes that are taken while replies are unread.
    fn ahead(&self) -> usize {
        self.settings.limits.max_request.min(AHEAD_BYTES)
    }

    /// Waits until bytes arrived, were sent, or the session must end.
    async fn receive(&mut self) -> Flow {
        let event = match self.settings.idle {
            None => self.outside().await,
            Some(idle) => match tokio::time::timeout(idle, self.outside()).await {
                Ok(event) => event,
                Err(_) => return ControlFlow::Break(()),
            },
        };
        self.handle(event, false).await
    }

    /// The next thing that happens to this connection from outside. Cancel-safe. A connection that waits holds no buffer.
    async fn outside(&mut self) -> Event {
        let is_read = self.outbox.has_room(self.settings.unread);
        let room = if is_read { self.settings.limits.max_request } else { self.ahead() };
        let reads = !self.ended && self.decoder.buffered() < room;
        let writes = !self.outbox.is_empty() || self.wire.is_holding();
        event::next(&self.wire, &mut self.bell, reads, writes).await
    }

    /// `parked`: a call waits for its answer.
    async fn handle(&mut self, event: Event, parked: bool) -> Flow {
        match event {
            Event::Readable => {
                self.read().await;
                ControlFlow::Continue(())
            }
            Event::Writable => {
                self.send()?;
                if self.outbox.is_pouring() {
                    // The socket may take it as fast as it is made; others have their turn between two slices.
                    tokio::task::yield_now().await;
                }
                let has_room = self.more_mail && self.outbox.has_room(self.settings.unread);
                if has_room { self.look(parked).await } else { ControlFlow::Continue(()) }
            }
            Event::Bell => self.look(parked).await,
        }
    }

    /// Looks whether this session was ended, and takes messages while there is room for them; the rest waits where it is
    /// shared with others. They leave when what caused them is committed.
    async fn look(&mut self, parked: bool) -> Flow {
        loop {
            let traffic = self.take_traffic();
            let room = self.settings.unread.saturating_sub(self.outbox.len());
            let outbox = &mut self.outbox;
            let take = |protocol, message: Arc<Message>| outbox.push_message(&message, protocol);
            let told = self.seat.collect(traffic, room, parked, take);
            self.keep_to(told.terms);
            self.more_mail = told.more;
            if told.killed {
                return self.cut();
            }
            let Some(ticket) = told.ticket else { return ControlFlow::Continue(()) };
            self.commit(ticket, OnLoop::first(0, true)).await?;
            self.send()?;
            if !told.more || !self.outbox.has_room(self.settings.unread) {
                return ControlFlow::Continue(());
            }
        }
    }

    /// Reads what has arrived.
    async fn read(&mut self) {
        match self.wire.read(self.decoder.buffer_mut()) {
            Poll::Ready(Ok(0) | Err(_)) => self.ended = true,
            Poll::Ready(Ok(n)) => {
                self.traffic.received += n as u64;
                self.traffic.reads += 1;
            }
            // Nothing there after all, or this task has had its turn: a client that never stops sending is not alone.
            Poll::Pending => tokio::task::yield_now().await,
        }
    }

    /// Ends a client that has sent more than may wait to be executed.
    fn fit(&mut self) -> Flow {
        if self.decoder.buffered() < self.settings.limits.max_request {
            return ControlFlow::Continue(());
        }
        self.seat.shared().engine().stats.query_limit_disconnections += 1;
        self.cut()
    }

    /// Ends without sending what is left.
    fn cut(&mut self) -> Flow {
        self.outbox = Outbox::default();
        ControlFlow::Break(())
    }

    /// Sends what is left, within reason.
    async fn farewell(&mut self) {
        self.outbox.pour_all();
        let _ = tokio::time::timeout(FAREWELL, self.wire.close(self.outbox.unsent())).await;
        let traffic = self.take_traffic();
        self.seat.tell(traffic);
    }
}
