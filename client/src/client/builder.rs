//! Putting a client together: where to, how patient, with which certificates.

use super::{Client, Endpoint, Inner, RECONNECT, Shared};
use crate::backoff::Backoff;
use crate::error::{ConfigError, Result};
use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

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
    /// [`crate::Error::Config`] if the URL makes no sense.
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
    /// [`crate::Error::Config`] if a URL makes no sense, or there is none.
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
