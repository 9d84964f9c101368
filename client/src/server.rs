//! Which server is at the other end, and so which words it is spoken to with.

use crate::connection::Connection;
use crate::error::{Code, Error, Result};
use redis::Value;

/// What a server can do about leases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerKind {
    /// It has `LEASE.*`: tokens, and waiting in the server.
    Brooklet,
    /// It has not: `SET NX PX` and compare scripts, polled, and no tokens.
    Redis,
}

/// Asks for what will be used, not for a name: the command itself. One small call, which changes nothing, and which every
/// server since Redis 2.8.13 answers.
pub(crate) async fn detect(connection: &mut Connection) -> Result<ServerKind> {
    let asked = connection.call::<Vec<Value>>(redis::cmd("COMMAND").arg("INFO").arg("LEASE.ACQUIRE")).await;
    match asked {
        Ok(found) if found.iter().any(|entry| !matches!(entry, Value::Nil)) => Ok(ServerKind::Brooklet),
        Ok(_) => Ok(ServerKind::Redis),
        // Whoever may not ask can still lock: both ways work on the same key.
        Err(Error::Server { code: Code::NoPerm, .. }) => {
            tracing::warn!("this user may not call COMMAND INFO, so the server is taken for one without leases");
            Ok(ServerKind::Redis)
        }
        Err(other) => Err(other),
    }
}

/// The run id in the text of INFO: what tells two servers apart.
pub(crate) async fn run_id(connection: &mut Connection) -> Result<String> {
    let info: String = connection.call(redis::cmd("INFO").arg("server")).await?;
    let line = info.lines().find_map(|line| line.strip_prefix("run_id:"));
    Ok(line.unwrap_or("unknown").to_owned())
}
