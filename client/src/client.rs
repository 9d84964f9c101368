//! The client: where the server is, how long to wait for it, and the connection that everybody shares.
//!
//! It opens connections and opens them again, with growing waits. It never repeats a call: whoever made it knows
//! whether that is right ([`Error::outcome`]). Read next: `connection.rs`.

use crate::backoff::Backoff;
use crate::connection::Connection;
use crate::error::{ConfigError, Error, Result};
use crate::server::{self, ServerKind};
use redis::{AsyncConnectionConfig, Cmd, ConnectionInfo, FromRedisValue, IntoConnectionInfo, ProtocolVersion};
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

/// Puts a [`Client`] together.
#[derive(Clone, Debug)]
pub struct ClientBuilder {
    connect_timeout: Duration,
    response_timeout: Duration,
    #[cfg(feature = "tls")]
    certificates: redis::TlsCertificates,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(3),
            response_timeout: Duration::from_secs(5),
            #[cfg(feature = "tls")]
            certificates: redis::TlsCertificates { client_tls: None, root_cert: None },
        }
    }
}

impl ClientBuilder {
    /// How long one try to connect may take, with the greeting; 3 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take, and how long it may wait for a connection before that; 5 seconds by default.
    #[must_use]
    pub fn response_timeout(mut self, timeout: Duration) -> Self {
        self.response_timeout = timeout;
        self
    }

    /// The certificate of whoever signed the server's, in PEM; without it those of the system count.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.root_cert = Some(pem.into());
        self
    }

    /// The client's own certificate and its key, in PEM.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        let (client_cert, client_key) = (certificate.into(), key.into());
        self.certificates.client_tls = Some(redis::ClientTlsConfig { client_cert, client_key });
        self
    }

    /// The client of the server at a URL: see [`Client::open`].
    ///
    /// # Errors
    /// [`Error::Config`] if the URL makes no sense.
    pub fn url(self, url: &str) -> Result<Client> {
        let info = information(url)?;
        let name = endpoint_name(&info);
        let client = self.redis_client(info)?;
        Ok(self.build(Endpoint::Direct(client), name))
    }

    /// A client of whatever the sentinels at these URLs say is the primary of a service. They are asked for each new connection.
    /// `url` gives the user, password and database there; its host does not matter.
    ///
    /// # Errors
    /// [`Error::Config`] if a URL makes no sense, or there is none.
    pub fn sentinels<'a>(
        self,
        sentinels: impl IntoIterator<Item = &'a str>,
        service: &str,
        url: &str,
    ) -> Result<Client> {
        let watchers: Result<Vec<redis::Client>> =
            sentinels.into_iter().map(|watcher| self.redis_client(information(watcher)?)).collect();
        let (watchers, info) = (watchers?, Box::new(information(url)?));
        if watchers.is_empty() {
            return Err(ConfigError::new("sentinels", "there must be at least one").into());
        }
        let name = format!("{service} by its sentinels");
        Ok(self.build(Endpoint::Sentinel { watchers, service: service.to_owned(), info }, name))
    }

    /// The client of a broker in this process.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn embedded(self, broker: Arc<brooklet::Broker>) -> Client {
        self.build(Endpoint::InProcess(broker), "the broker in process".to_owned())
    }

    #[cfg(feature = "tls")]
    fn redis_client(&self, info: ConnectionInfo) -> Result<redis::Client> {
        let is_encrypted = matches!(info.addr(), redis::ConnectionAddr::TcpTls { .. });
        let built = match is_encrypted {
            true => redis::Client::build_with_tls(info, self.certificates.clone()),
            false => redis::Client::open(info),
        };
        built.map_err(|e| ConfigError::new("url", e.to_string()).into())
    }

    #[cfg(not(feature = "tls"))]
    #[expect(clippy::unused_self, reason = "with the feature `tls` it holds the certificates")]
    fn redis_client(&self, info: ConnectionInfo) -> Result<redis::Client> {
        redis::Client::open(info).map_err(|e| ConfigError::new("url", e.to_string()).into())
    }

    fn build(self, endpoint: Endpoint, name: String) -> Client {
        let shared =
            Shared { current: None, opened: 0, backoff: Backoff::new(RECONNECT.0, RECONNECT.1), last_failure: None };
        Client {
            inner: Arc::new(Inner {
                endpoint,
                name: name.into(),
                connect_timeout: self.connect_timeout,
                response_timeout: self.response_timeout,
                shared: Mutex::new(shared),
            }),
        }
    }
}

/// What a URL says; answers are asked for in RESP3, as a session in process gives them.
fn information(url: &str) -> Result<ConnectionInfo> {
    let info = url.into_connection_info().map_err(|e| ConfigError::new("url", e.to_string()))?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let settings = settings.set_lib_name("brooklet-client", env!("CARGO_PKG_VERSION"));
    Ok(info.set_redis_settings(settings))
}

fn endpoint_name(info: &ConnectionInfo) -> String {
    format!("{}/{}", info.addr(), info.redis_settings().db())
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
