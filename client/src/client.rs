//! The client: where the server is, how long to wait for it, and the connection that everybody shares.
//!
//! It opens connections and opens them again, with growing waits. It never repeats a call: whoever made it knows
//! whether that is right ([`Error::outcome`]). Read next: `connection.rs`.

mod builder;

pub use builder::ClientBuilder;

use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::server::{self, ServerKind};
use redis::{AsyncConnectionConfig, Cmd, ConnectionInfo, FromRedisValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Calls that may be under way at once on one connection; more wait for their turn.
const IN_FLIGHT: usize = 1024;
/// Calls that may be queued for the writer of one connection.
const QUEUED: usize = 64;
/// Waits between two tries to connect.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));

/// A server, and a connection to it that is made when it is needed and made again when it breaks. Cheap to clone; clones share
/// the connection. To be used within a tokio runtime.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    name: Arc<str>,
    connect_timeout: Duration,
    response_timeout: Duration,
    shared: Mutex<Shared>,
}

enum Endpoint {
    Direct(redis::Client),
    Sentinel {
        watchers: Vec<redis::Client>,
        service: String,
        info: Box<ConnectionInfo>,
    },
    #[cfg(feature = "embedded")]
    InProcess(Arc<brooklet::Broker>),
}

/// The connection that calls share, with a number so that only whoever saw it fail lets it go.
struct Shared {
    current: Option<(u64, Connection)>,
    opened: u64,
    backoff: Backoff,
    last_failure: Option<Error>,
}

impl Client {
    /// A client of the server at a URL: `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS (feature
    /// `tls`), `redis+unix:///path` for a socket file. Connects at the first call.
    ///
    /// # Errors
    /// [`Error::Config`] if the URL makes no sense.
    pub fn open(url: &str) -> Result<Self> {
        Self::builder().url(url)
    }

    /// A client of a broker in this process: no socket, no port.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn embedded(broker: Arc<brooklet::Broker>) -> Self {
        Self::builder().embedded(broker)
    }

    /// A client with other timeouts, or with another way to its server.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Where it connects to, without passwords.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.inner.name
    }

    /// How long a call may take.
    #[must_use]
    pub fn response_timeout(&self) -> Duration {
        self.inner.response_timeout
    }

    /// Calls a command over the shared connection. Not for commands that wait: everybody would wait with them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> brooklet_client::Result<()> {
    /// # let client = brooklet_client::Client::embedded(std::sync::Arc::new(brooklet::Broker::in_memory()));
    /// let id: String = client.call(redis::cmd("XADD").arg(&["orders", "*", "item", "tea"])).await?;
    /// assert!(id.ends_with("-0"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the server says; [`Error::Connect`] if there was no connection to be had within the response timeout (nothing was
    /// sent); [`Error::Disconnected`] and [`Error::Timeout`] if one broke or hung. The next call makes a new one.
    pub async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let (number, mut connection) = self.shared().await?;
        let answer = connection.call(command).await;
        if answer.as_ref().is_err_and(Error::is_of_the_link) {
            let mut shared = self.inner.shared.lock().await;
            shared.current.take_if(|(current, _)| *current == number);
        }
        answer
    }

    /// A new connection for oneself: for what waits, subscribes, or has to know when it breaks.
    ///
    /// # Errors
    /// [`Error::Connect`], within the connect timeout; a refused password as [`Error::Server`].
    pub async fn connection(&self) -> Result<Connection> {
        let failed = |why: String| Error::Connect { endpoint: Arc::clone(&self.inner.name), why: why.into() };
        match tokio::time::timeout(self.inner.connect_timeout, self.dial()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(refused @ (Error::Server { .. } | Error::Config(_) | Error::Connect { .. }))) => Err(refused),
            Ok(Err(other)) => Err(failed(other.to_string())),
            Err(_) => Err(failed(format!("no answer within {:?}", self.inner.connect_timeout))),
        }
    }

    /// What the server can do. Asked each time: another server may have taken over the address.
    ///
    /// # Errors
    /// As [`Client::connection`].
    pub async fn server(&self) -> Result<ServerKind> {
        let (_, mut connection) = self.shared().await?;
        server::detect(&mut connection).await
    }

    /// The id of the server's run: two clients that show different ones do not talk to the same server.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn run_id(&self) -> Result<String> {
        let (_, mut connection) = self.shared().await?;
        server::run_id(&mut connection).await
    }

    /// Ends the wait of another connection, by its id.
    pub(crate) async fn unblock(&self, id: i64) -> Result<bool> {
        self.call::<i64>(redis::cmd("CLIENT").arg("UNBLOCK").arg(id)).await.map(|ended| ended == 1)
    }

    async fn shared(&self) -> Result<(u64, Connection)> {
        let patience = self.inner.response_timeout;
        match tokio::time::timeout(patience, self.open_shared()).await {
            Ok(opened) => opened,
            Err(_) => {
                // Whoever is connecting right now says what it failed at; if nobody has failed yet, it is only slow.
                let known = self.inner.shared.try_lock().ok().and_then(|shared| shared.last_failure.clone());
                Err(known.unwrap_or(Error::Timeout { after: patience, sent: false }))
            }
        }
    }

    async fn open_shared(&self) -> Result<(u64, Connection)> {
        let mut shared = self.inner.shared.lock().await;
        loop {
            if let Some((number, connection)) = &shared.current {
                return Ok((*number, connection.clone()));
            }
            match self.connection().await {
                Ok(connection) => {
                    shared.opened += 1;
                    shared.backoff.reset();
                    shared.last_failure = None;
                    shared.current = Some((shared.opened, connection));
                }
                Err(error) if error.is_retryable() => {
                    let wait = shared.backoff.next();
                    tracing::debug!(endpoint = %self.inner.name, %error, ?wait, "connecting failed, trying again");
                    shared.last_failure = Some(error);
                    tokio::time::sleep(wait).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn dial(&self) -> Result<Connection> {
        let patience = self.inner.response_timeout;
        match &self.inner.endpoint {
            Endpoint::Direct(client) => self.dial_socket(client).await,
            Endpoint::Sentinel { watchers, service, info } => {
                let primary = self.ask_sentinels(watchers, service).await?;
                let found = redis::Client::open((**info).clone().set_addr(primary))?;
                self.dial_socket(&found).await
            }
            #[cfg(feature = "embedded")]
            Endpoint::InProcess(broker) => {
                Ok(Connection::in_process(crate::embedded::InProcess::open(broker)?, patience))
            }
        }
        .inspect(|_| tracing::debug!(endpoint = %self.inner.name, ?patience, "connected"))
    }

    async fn dial_socket(&self, client: &redis::Client) -> Result<Connection> {
        // Timeouts are ours: they have to tell a call that was sent from one that was not.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(None)
            .set_response_timeout(None)
            .set_pipeline_buffer_size(QUEUED)
            .set_concurrency_limit(IN_FLIGHT);
        let socket = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Connection::over_socket(socket, self.inner.response_timeout))
    }

    /// The first sentinel that knows the service says where its primary is.
    async fn ask_sentinels(&self, watchers: &[redis::Client], service: &str) -> Result<redis::ConnectionAddr> {
        let mut last = Error::Connect { endpoint: Arc::clone(&self.inner.name), why: "no sentinel".into() };
        for watcher in watchers {
            let asked = async {
                let mut connection = self.dial_socket(watcher).await?;
                let ask = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(service).to_owned();
                connection.call::<Option<(String, u16)>>(&ask).await
            };
            match asked.await {
                Ok(Some((host, port))) => return Ok(redis::ConnectionAddr::Tcp(host, port)),
                Ok(None) => {
                    let why = format!("the sentinel knows no service {service}").into();
                    last = Error::Connect { endpoint: Arc::clone(&self.inner.name), why };
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoint", &self.inner.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_no_password() {
        let client = Client::open("redis://me:secret@127.0.0.1:7000/2").unwrap();
        assert_eq!(client.endpoint(), "127.0.0.1:7000/2");
        assert!(!format!("{client:?}").contains("secret"));
    }

    #[test]
    fn a_url_that_makes_no_sense_is_refused_with_its_reason() {
        let error = Client::open("http://example.com").unwrap_err();
        assert!(matches!(&error, Error::Config(why) if why.option == "url"), "{error}");
        assert!(Client::builder().sentinels([], "main", "redis://x").is_err());
    }
}
