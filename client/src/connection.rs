//! One connection, whatever it is made of: TCP, TLS, a socket file, or a session in this process.
//!
//! It implements redis-rs' `ConnectionLike`, so everything of that library (typed commands, pipelines, scripts) works over
//! each of them. Read next: `client.rs`, which opens them.

#[cfg(feature = "embedded")]
use crate::embedded::InProcess;
use crate::error::{Error, Result};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, Value};
use std::time::Duration;

/// A connection to the server. Clones share it: their calls are answered in the order in which they were sent, so a call that
/// waits makes the others wait. It is closed with its last clone.
#[derive(Clone)]
pub struct Connection {
    link: Link,
    patience: Duration,
}

#[derive(Clone)]
enum Link {
    Socket(MultiplexedConnection),
    #[cfg(feature = "embedded")]
    InProcess(InProcess),
}

impl Connection {
    pub(crate) fn over_socket(socket: MultiplexedConnection, patience: Duration) -> Self {
        Self { link: Link::Socket(socket), patience }
    }

    #[cfg(feature = "embedded")]
    pub(crate) fn in_process(session: InProcess, patience: Duration) -> Self {
        Self { link: Link::InProcess(session), patience }
    }

    /// Calls a command: `connection.call::<u64>(redis::cmd("XLEN").arg("orders"))`.
    ///
    /// # Errors
    /// What the server says, [`Error::Disconnected`], or [`Error::Timeout`] after the client's response timeout.
    pub async fn call<T: FromRedisValue>(&mut self, command: &Cmd) -> Result<T> {
        self.call_within(command, self.patience).await
    }

    /// [`Connection::call`] with a timeout of its own: for a command that waits in the server.
    ///
    /// # Errors
    /// As there.
    pub async fn call_within<T: FromRedisValue>(&mut self, command: &Cmd, patience: Duration) -> Result<T> {
        let answer = tokio::time::timeout(patience, self.link.call(command)).await;
        let value = answer.map_err(|_| Error::Timeout { after: patience, sent: true })??.extract_error()?;
        T::from_redis_value(value).map_err(|e| Error::Reply(e.to_string().into()))
    }
}

impl Link {
    async fn call(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Socket(socket) => socket.send_packed_command(command).await,
            #[cfg(feature = "embedded")]
            Self::InProcess(session) => session.call(command).await,
        }
    }

    async fn call_many(&mut self, pipeline: &Pipeline, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        match self {
            Self::Socket(socket) => socket.req_packed_commands(pipeline, offset, count).await,
            #[cfg(feature = "embedded")]
            Self::InProcess(session) => session.call_many(pipeline, offset, count).await,
        }
    }
}

fn late() -> redis::RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let call = tokio::time::timeout(self.patience, self.link.call(command));
        Box::pin(async move { call.await.map_err(|_| late())? })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let call = tokio::time::timeout(self.patience, self.link.call_many(pipeline, offset, count));
        Box::pin(async move { call.await.map_err(|_| late())? })
    }

    fn get_db(&self) -> i64 {
        match &self.link {
            Link::Socket(socket) => socket.get_db(),
            #[cfg(feature = "embedded")]
            Link::InProcess(_) => 0,
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.link {
            Link::Socket(_) => "socket",
            #[cfg(feature = "embedded")]
            Link::InProcess(_) => "in process",
        };
        f.debug_tuple("Connection").field(&kind).finish()
    }
}
