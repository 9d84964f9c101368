//! A connection for calls that wait in the server, and the one way to end such a wait without a doubt.
//!
//! Dropping the connection would do, but the server may have given something to it in the same moment: a lease that nobody then
//! renews, a message that nobody then handles. So it is told to answer now (CLIENT UNBLOCK), and the answer is read.

use crate::client::Client;
use crate::clock::Moment;
use crate::connection::Connection;
use crate::error::{Error, Result};
use redis::{Cmd, Value};
use std::pin::pin;
use std::time::Duration;

/// How long the server may take to answer a call that it was told to stop waiting with.
pub(crate) const UNBLOCK: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Waiter {
    client: Client,
    connection: Connection,
    id: i64,
}

impl Waiter {
    pub(crate) async fn open(client: &Client) -> Result<Self> {
        let mut connection = client.connection().await?;
        let id = connection.call(redis::cmd("CLIENT").arg("ID")).await?;
        Ok(Self { client: client.clone(), connection, id })
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// A call that waits until `end`, at most; its answer, also then.
    pub(crate) async fn call(
        &mut self,
        command: &Cmd,
        patience: Duration,
        end: impl Future<Output = ()>,
    ) -> Result<Value> {
        let mut call = pin!(self.connection.call_within(command, patience));
        tokio::select! {
            biased;
            answer = &mut call => return answer,
            () = end => {}
        }
        let until = Moment::now().after(UNBLOCK);
        // More than once, because the call may not have begun to wait when the first one came.
        let nag = async {
            loop {
                if let Err(error) = self.client.unblock(self.id).await {
                    tracing::debug!(%error, "the wait could not be ended");
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let late = || Error::Timeout { after: UNBLOCK, sent: true };
        tokio::select! {
            biased;
            answer = &mut call => answer,
            () = nag => Err(late()),
            () = until.reached() => Err(late()),
        }
    }
}
