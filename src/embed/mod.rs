//! The broker as a library: open it in a folder or in memory, call it, listen, shut down.
//!
//! There is no private door: a session in process passes the same gates, waits for the same commits and blocks by the
//! same rules as one on a socket. Two brokers in one process share nothing. Read next: `session.rs`, `state.rs`.

mod messages;
mod options;
mod session;
mod state;

pub use messages::{Message, Subscription};
pub use options::{Builder, Options};
pub use session::Session;
pub use state::{GroupState, PendingState, StreamState};

use crate::broker::client::Origin;
use crate::broker::clock::{Clock, ManualClock};
use crate::broker::shared::{Shared, Threads};
use crate::broker::tasks::Ending;
use crate::server::door::{self, Door};
use crate::server::listener::{self, Listening};
use crate::session::Seat;
use crate::telemetry::memory;
use brooklet_storage::StorageError;
use parking_lot::Mutex;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// What can go wrong for an embedder.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command was refused; the text is the one a client on a socket would get, e.g. `ERR no such key`.
    #[error("{0}")]
    Refused(String),
    /// The data could not be opened, written or read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Commits have failed; whether the last command took effect is unknown until the data is opened again.
    #[error("storage stopped, the outcome of the last command is unknown: {0}")]
    Stopped(String),
    /// The broker is shut down, or the session was killed.
    #[error("the session has ended")]
    Ended,
    /// Listening failed.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// What was asked for.
        addr: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A broker in this process. Dropping it ends it as [`Broker::shutdown`] does.
pub struct Broker {
    shared: Arc<Shared>,
    manual: Option<ManualClock>,
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    threads: Threads,
    listening: Vec<Listening>,
    ended: bool,
}

impl Broker {
    /// Opens the data in a folder, creating it if need be.
    pub fn open(options: Options) -> Result<Broker, Error> {
        Builder::default().options(options).build()
    }

    /// A broker that keeps everything in memory and nothing else: for tests.
    pub fn in_memory() -> Broker {
        let (shared, threads) = Shared::volatile(Options::in_memory().config, Clock::system());
        Broker::start(shared, threads, None, false)
    }

    /// A broker with a clock of its own, or other unusual parts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn start(
        shared: Arc<Shared>,
        threads: Threads,
        manual: Option<ManualClock>,
        is_limited: bool,
    ) -> Broker {
        shared.engine().memory.embed(memory::used(), !is_limited);
        Broker { shared, manual, parts: Mutex::new(Parts { threads, ..Parts::default() }) }
    }

    /// A new client of this broker. Any number may be open, each used from one thread at a time.
    ///
    /// # Panics
    /// If `maxclients` sessions are open.
    pub fn session(&self) -> Session {
        self.try_session().expect("fewer sessions than maxclients")
    }

    /// [`Broker::session`]; none if `maxclients` sessions are open.
    pub fn try_session(&self) -> Option<Session> {
        Seat::open(&self.shared, Origin::in_process()).map(Session::new)
    }

    /// Serves clients on a TCP address; returns the address with the port that was chosen (ask for port 0).
    pub fn listen(&self, addr: impl ToSocketAddrs + std::fmt::Debug) -> Result<SocketAddr, Error> {
        let failed = |source| Error::Listen { addr: format!("{addr:?}"), source };
        let addrs: Vec<SocketAddr> = addr.to_socket_addrs().map_err(failed)?.collect();
        let wanted = *addrs.first().ok_or_else(|| failed(std::io::ErrorKind::AddrNotAvailable.into()))?;
        let door = door::bind(wanted, 511).map_err(failed)?;
        let chosen = door.local_addr().map_err(failed)?;
        let listening = listener::start(&self.shared, vec![Door::Plain(door)], 1).map_err(failed)?;
        self.parts.lock().listening.push(listening);
        Ok(chosen)
    }

    /// Moves a manual clock forward: keys vanish, waits end, entries fall due, at once.
    ///
    /// # Panics
    /// If the broker was not built with [`Builder::manual_clock`].
    pub fn advance(&self, by: Duration) {
        let clock = self.manual.as_ref().expect("the broker has a manual clock");
        clock.advance(by);
        self.shared.engine().time_was_moved();
    }

    /// The time by the broker's clock, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.shared.clock().now_ms()
    }

    /// What a stream of database 0 looks like now; `None` if there is no such key.
    pub fn stream(&self, name: impl AsRef<[u8]>) -> Result<Option<StreamState>, Error> {
        StreamState::of(&self.shared, name.as_ref())
    }

    /// Ends the broker: what was acknowledged is on disk when this returns.
    pub fn shutdown(self) -> Result<(), Error> {
        self.end()
    }

    fn end(&self) -> Result<(), Error> {
        self.shared.end(Ending::Orderly);
        let mut parts = self.parts.lock();
        if std::mem::replace(&mut parts.ended, true) {
            return Ok(());
        }
        std::mem::take(&mut parts.listening).into_iter().for_each(Listening::join);
        self.shared.close(std::mem::take(&mut parts.threads)).map_err(|failed| Error::Stopped(failed.to_string()))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
