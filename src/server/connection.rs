//! One connection: reads bursts, lets its seat run them, commits, sends the replies in order.
//!
//! A connection waits in one place only ([`Connection::outside`] for the next thing that happens), so a client that
//! never reads, never sends, or is killed while it waits disturbs nobody. Must never know: what a command means.

use super::outbox::Outbox;
use crate::broker::Engine;
use crate::broker::client::{ClientId, Origin};
use crate::broker::errand::Errand;
use crate::broker::shared::Shared;
use crate::broker::wait::Wake;
use crate::command::error::{PROTECTED, TOO_MANY_CLIENTS};
use crate::config::OutputLimit;
use crate::resp::encode_protocol_error;
use crate::resp::{Burst, Decoder, Limits};
use crate::session::{Seat, Stop, Turn};
use brooklet_storage::load::{Loaded, Missing};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Commands that are decoded at once.
const BURST_COMMANDS: usize = 1024;

/// How a connection ends early.
type Flow<T = ()> = ControlFlow<(), T>;

/// Serves `stream` until it ends.
pub async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    if is_protected_from(&shared, &stream) {
        shared.engine().stats.rejected_connections += 1;
        return refuse(stream, PROTECTED).await;
    }
    let Some(seat) = Seat::open(&shared, origin(&stream)) else {
        return refuse(stream, TOO_MANY_CLIENTS).await;
    };
    let mut connection = Connection::new(stream, seat);
    let _ = connection.run().await;
    connection.farewell().await;
}

fn origin(stream: &TcpStream) -> Origin {
    use std::os::fd::AsRawFd;
    let text = |addr: std::io::Result<std::net::SocketAddr>| addr.map(|a| a.to_string()).unwrap_or_default();
    Origin { addr: text(stream.peer_addr()), laddr: text(stream.local_addr()), fd: stream.as_raw_fd() }
}

/// Protected mode: without a password only this machine is served, unless the operator insisted.
fn is_protected_from(shared: &Shared, stream: &TcpStream) -> bool {
    let local = stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
    if local {
        return false;
    }
    let engine = shared.engine();
    let config = &engine.config;
    config.protected_mode && config.requirepass.is_empty() && !config.insecure
}

async fn refuse(mut stream: TcpStream, line: &str) {
    use tokio::io::AsyncWriteExt;
    let line = format!("-{line}\r\n");
    let _ = stream.write_all(line.as_bytes()).await;
}

struct Connection {
    stream: TcpStream,
    seat: Seat,
    decoder: Decoder,
    outbox: Outbox,
    settings: Settings,
    /// What the engine was not told yet.
    traffic: Traffic,
    /// Nothing more is read: the peer has closed its side, or a protocol error was answered.
    ended: bool,
}

/// Options that a connection looks at often; refreshed with each burst.
#[derive(Clone, Copy)]
struct Settings {
    limits: Limits,
    output: OutputLimit,
    query_bytes: usize,
    idle: Option<Duration>,
}

/// What went over the socket since the engine was last told.
#[derive(Clone, Copy, Default)]
struct Traffic {
    received: u64,
    sent: u64,
    reads: u64,
    writes: u64,
}

impl Traffic {
    fn note(self, engine: &mut Engine, client: ClientId, query_bytes: usize, output_bytes: usize) {
        engine.stats.net_in += self.received;
        engine.stats.net_out += self.sent;
        engine.stats.reads += self.reads;
        engine.stats.writes += self.writes;
        if let Some(c) = engine.clients.get_mut(client) {
            c.total_in += self.received;
            c.total_out += self.sent;
            (c.query_bytes, c.output_bytes) = (query_bytes, output_bytes);
        }
    }
}

impl Settings {
    fn of(engine: &Engine, seat: &Seat) -> Settings {
        let config = &engine.config;
        let limits = Limits {
            max_bulk: usize::try_from(config.proto_max_bulk_len).unwrap_or(usize::MAX),
            max_request: usize::try_from(config.client_query_buffer_limit).unwrap_or(usize::MAX),
            authenticated: engine.clients.get(seat.id()).is_none_or(|c| c.authenticated),
            ..Limits::default()
        };
        Settings {
            limits,
            output: config.client_output_buffer_limit.normal,
            query_bytes: limits.max_request,
            idle: (config.timeout_s > 0).then(|| Duration::from_secs(config.timeout_s)),
        }
    }
}

impl Connection {
    fn new(stream: TcpStream, seat: Seat) -> Connection {
        let settings = Settings::of(&seat.shared().engine(), &seat);
        let decoder = Decoder::new(settings.limits);
        let traffic = Traffic::default();
        Connection { stream, seat, decoder, outbox: Outbox::default(), settings, traffic, ended: false }
    }

    /// Tells the engine what went over the socket, and learns how the options stand, under one hold of the lock.
    fn refresh(&mut self) {
        let mut engine = self.seat.shared().engine();
        let traffic = std::mem::take(&mut self.traffic);
        traffic.note(&mut engine, self.seat.id(), self.decoder.buffered(), self.outbox.len());
        self.settings = Settings::of(&engine, &self.seat);
    }

    async fn run(&mut self) -> Flow {
        loop {
            while let Some(burst) = self.decoder.decode(BURST_COMMANDS) {
                self.run_burst(&burst).await?;
                self.decoder.recycle(burst);
                self.refresh();
                self.decoder.set_limits(self.settings.limits);
            }
            if self.ended {
                return ControlFlow::Break(());
            }
            self.decoder.release();
            self.receive().await?;
        }
    }

    /// Runs all calls of a burst; returns when their replies are in the socket or the outbox.
    async fn run_burst(&mut self, burst: &Burst) -> Flow {
        let mut next = 0;
        while next < burst.len() {
            let outbox = &mut self.outbox;
            let calls = |i: usize| (i < burst.len()).then(|| burst.args(i));
            let Turn { next: reached, stop, ticket } =
                self.seat.run(calls, next, |protocol, reply| outbox.push(&reply, protocol));
            next = reached;
            self.commit(ticket).await?;
            self.send()?;
            match stop {
                Stop::Turn => {}
                Stop::Parked(wake) => self.wait(wake).await?,
                Stop::Missing(missing) => {
                    let loaded = self.load(missing).await?;
                    self.seat.install(loaded);
                }
                Stop::Errand(errand) => self.do_errand(errand).await?,
                Stop::Paused(until_ms) => self.pause(until_ms).await?,
                Stop::Close => return ControlFlow::Break(()),
            }
        }
        if let Some(error) = &burst.error {
            encode_protocol_error(error, self.outbox.raw());
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    async fn commit(&self, ticket: u64) -> Flow {
        let shared = self.seat.shared();
        match shared.committer().committed(shared.engine_lock(), ticket).await {
            Ok(()) => ControlFlow::Continue(()),
            // Nothing is acknowledged any more; the process is about to end.
            Err(_) => ControlFlow::Break(()),
        }
    }

    async fn load(&self, missing: Missing) -> Flow<Loaded> {
        let shared = Arc::clone(self.seat.shared());
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
        self.seat.woken(reply, |protocol, reply| outbox.push(&reply, protocol));
        self.send()
    }

    /// Waits for the answer of a parked call.
    async fn wait(&mut self, mut wake: oneshot::Receiver<Wake>) -> Flow {
        loop {
            let woken = tokio::select! {
                biased;
                woken = &mut wake => woken,
                event = Connection::outside(&mut self.stream, &mut self.decoder, &mut self.outbox, &self.seat, self.settings, self.ended) => {
                    self.handle(event)?;
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
                    self.seat.woken(reply, |protocol, reply| outbox.push(&reply, protocol));
                    self.commit(ticket).await?;
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

    /// Waits until CLIENT PAUSE is over.
    async fn pause(&mut self, until_ms: i64) -> Flow {
        loop {
            let left = until_ms - self.seat.shared().clock().now_ms();
            if left <= 0 || self.seat.shared().engine().pause.is_none() {
                return ControlFlow::Continue(());
            }
            tokio::time::sleep(Duration::from_millis(left.clamp(1, 20) as u64)).await;
            if self.seat.is_killed() {
                return ControlFlow::Break(());
            }
        }
    }

    /// Sends what the socket takes now; the rest waits in the outbox.
    fn send(&mut self) -> Flow {
        while !self.outbox.is_empty() {
            match self.stream.try_write(self.outbox.unsent()) {
                Ok(n) => {
                    self.outbox.advance(n);
                    self.traffic.sent += n as u64;
                    self.traffic.writes += 1;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return ControlFlow::Break(()),
            }
        }
        if self.outbox.is_over(self.settings.output, self.seat.shared().clock().monotonic_us()) {
            self.seat.shared().engine().stats.output_limit_disconnections += 1;
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// Waits until bytes arrived, were sent, or the session must end.
    async fn receive(&mut self) -> Flow {
        let event = Connection::outside(
            &mut self.stream,
            &mut self.decoder,
            &mut self.outbox,
            &self.seat,
            self.settings,
            self.ended,
        );
        let event = match self.settings.idle {
            None => event.await,
            Some(idle) => match tokio::time::timeout(idle, event).await {
                Ok(event) => event,
                Err(_) => return ControlFlow::Break(()),
            },
        };
        self.handle(event)
    }

    /// The next thing that happens to this connection from outside. Cancel-safe.
    async fn outside(
        stream: &mut TcpStream,
        decoder: &mut Decoder,
        outbox: &mut Outbox,
        seat: &Seat,
        settings: Settings,
        ended: bool,
    ) -> Event {
        let (mut reader, writer) = stream.split();
        let room = decoder.buffered() < settings.query_bytes;
        tokio::select! {
            biased;
            read = reader.read_buf(decoder.buffer_mut()), if room && !ended => match read {
                Ok(0) | Err(_) => Event::PeerGone,
                Ok(n) => Event::Received(n),
            },
            _ = writer.writable(), if !outbox.is_empty() => Event::Writable,
            () = seat.outside().notified() => Event::Bell,
            () = std::future::pending(), if !room => Event::Bell,
        }
    }

    fn handle(&mut self, event: Event) -> Flow {
        match event {
            Event::Received(n) => {
                self.traffic.received += n as u64;
                self.traffic.reads += 1;
            }
            Event::PeerGone => self.ended = true,
            Event::Writable => return self.send(),
            Event::Bell if self.seat.is_killed() => return ControlFlow::Break(()),
            Event::Bell => {}
        }
        ControlFlow::Continue(())
    }

    /// Sends what is left, for a moment.
    async fn farewell(&mut self) {
        use tokio::io::AsyncWriteExt;
        let rest = self.stream.write_all(self.outbox.unsent());
        let _ = tokio::time::timeout(Duration::from_millis(500), rest).await;
        let _ = self.stream.shutdown().await;
        self.refresh();
    }
}

enum Event {
    Received(usize),
    PeerGone,
    Writable,
    Bell,
}
