//! A session of a broker in this process, dressed as a connection. The replies are encoded as a socket would send them
//! and read by the same parser, so nobody above can tell the difference.

use crate::error::{Error, Result};
use brooklet::{Broker, Session};
use redis::{Arg, Cmd, Pipeline, RedisResult, Value};
use std::sync::Arc;
use tokio::sync::Mutex;

/// A session; one call at a time, as on a socket. The broker lives at least as long.
#[derive(Clone)]
pub(crate) struct InProcess {
    session: Arc<Mutex<Session>>,
    _broker: Arc<Broker>,
}

impl InProcess {
    pub(crate) fn open(broker: &Arc<Broker>) -> Result<Self> {
        let refused = || Error::Connect { endpoint: "the broker in process".into(), why: "too many clients".into() };
        let session = broker.try_session().ok_or_else(refused)?;
        Ok(Self { session: Arc::new(Mutex::new(session)), _broker: Arc::clone(broker) })
    }

    pub(crate) async fn call(&self, command: &Cmd) -> RedisResult<Value> {
        let session = self.session.lock().await;
        one(&session, command).await
    }

    pub(crate) async fn call_many(&self, pipeline: &Pipeline, offset: usize, count: usize) -> RedisResult<Vec<Value>> {
        let session = self.session.lock().await;
        let mut values = Vec::with_capacity(count);
        if pipeline.is_transaction() {
            values.push(one(&session, &redis::cmd("MULTI")).await?);
        }
        for command in pipeline.cmd_iter() {
            values.push(one(&session, command).await?);
        }
        if pipeline.is_transaction() {
            values.push(one(&session, &redis::cmd("EXEC")).await?);
        }
        Ok(values.into_iter().skip(offset).take(count).collect())
    }
}

async fn one(session: &Session, command: &Cmd) -> RedisResult<Value> {
    let word = |arg: Arg<&[u8]>| match arg {
        Arg::Simple(bytes) => bytes.to_vec(),
        // A cursor that nobody moved yet.
        _ => b"0".to_vec(),
    };
    let words: Vec<Vec<u8>> = command.args_iter().map(word).collect();
    let mut line = Vec::new();
    match session.call_async(words).await {
        Ok(reply) => brooklet::resp::encode(&reply, brooklet::resp::Protocol::Resp3, &mut line),
        Err(brooklet::Error::Refused(text)) => line.extend_from_slice(format!("-{text}\r\n").as_bytes()),
        Err(other) => return Err(std::io::Error::other(other.to_string()).into()),
    }
    redis::parse_redis_value(&line)
}
