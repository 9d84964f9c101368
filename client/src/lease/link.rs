//! A connection of one's own for one lease: it waits in the server's queue, renews, and gives back.
//!
//! Times are judged from before a call was sent: whatever the network did to the answer, the server set the deadline later
//! than that. So what is believed here ends before what the server grants.

use super::dialect::{self, Acquired};
use super::guard::Token;
use super::{Stop, pause, stopped};
use crate::client::Client;
use crate::clock::Moment;
use crate::error::{Code, Error, Result};
use crate::server::{self, ServerKind};
use crate::waiter::{UNBLOCK, Waiter};
use redis::{Cmd, Value};
use std::sync::Arc;
use std::time::Duration;
use tracing::Instrument;

/// Which lease, for whom, for how long.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) key: Arc<str>,
    pub(crate) holder: Arc<str>,
    pub(crate) expiry: Duration,
    /// After the connection broke the lease ends so soon. Brooklet only.
    pub(crate) bind: Option<Duration>,
    /// Between two tries where the server cannot wait for us.
    pub(crate) retry_delay: Duration,
}

impl Terms {
    /// How long after a sign of life the lease is certainly ours. One bound to a connection can end that soon without our
    /// knowing: the connection may be gone on the server's side only.
    fn certain(&self, server: ServerKind) -> Duration {
        let grace = self.bind.filter(|_| server == ServerKind::Brooklet);
        let whole = grace.map_or(self.expiry, |grace| grace.min(self.expiry));
        // Clocks do not tick the same; one in a hundred is far more than they differ.
        whole - whole / 100
    }
}

/// How a try to get the lease ended.
#[derive(Debug)]
pub(crate) enum Attempt {
    Won(Grant),
    NotObtained,
    /// Somebody wants the end.
    Stopped,
}

/// A lease that is ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) token: Option<Token>,
    pub(crate) server: ServerKind,
    /// When it was last certainly ours, and until when it is.
    pub(crate) proven: Moment,
    pub(crate) valid_until: Moment,
}

/// The connection of one lease.
#[derive(Debug)]
pub(crate) struct LeaseLink {
    client: Client,
    terms: Terms,
    open: Option<Open>,
    /// A try to get it ended without an answer: it may be ours.
    is_doubtful: bool,
}

#[derive(Debug)]
struct Open {
    waiter: Waiter,
    server: ServerKind,
}

impl LeaseLink {
    pub(crate) fn new(client: Client, terms: Terms) -> Self {
        Self { client, terms, open: None, is_doubtful: false }
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    async fn open(&mut self) -> Result<&mut Open> {
        if self.open.is_none() {
            let mut waiter = Waiter::open(&self.client).await?;
            let server = server::detect(waiter.connection()).await?;
            tracing::debug!(key = %self.terms.key, ?server, "a connection for the lease");
            return Ok(self.open.insert(Open { waiter, server }));
        }
        self.open.as_mut().ok_or(Error::Running)
    }

    /// A call on this connection; one that broke or hung is not used again.
    async fn call(&mut self, command: &Cmd, patience: Duration) -> Result<Value> {
        let answer = self.open().await?.waiter.connection().call_within(command, patience).await;
        if answer.as_ref().is_err_and(Error::is_of_the_link) {
            self.open = None;
        }
        answer
    }

    /// Tries to get the lease for so long.
    pub(crate) async fn acquire(&mut self, wait: Duration, stop: &mut Stop) -> Result<Attempt> {
        let span = tracing::info_span!("lease.acquire", key = %self.terms.key, holder = %self.terms.holder);
        async {
            let opened = tokio::select! {
                biased;
                _ = stopped(stop) => return Ok(Attempt::Stopped),
                opened = self.open() => opened?.server,
            };
            match opened {
                ServerKind::Brooklet => self.wait_in_queue(wait, stop).await,
                ServerKind::Redis => self.poll(wait, stop).await,
            }
        }
        .instrument(span)
        .await
    }

    async fn wait_in_queue(&mut self, wait: Duration, stop: &mut Stop) -> Result<Attempt> {
        let sent = Moment::now();
        // From here to the answer it is unknown whose it is. Asking again is no harm: the same holder gets the same lease.
        self.is_doubtful = true;
        let command = dialect::lease_acquire(&self.terms, Some(wait));
        let patience = wait + self.client.response_timeout();
        let mut end = stop.clone();
        let end = async {
            stopped(&mut end).await;
        };
        let acquired = match self.open().await?.waiter.call(&command, patience, end).await {
            Ok(answer) => dialect::read_acquired(answer)?,
            Err(error) => {
                if error.is_of_the_link() {
                    self.open = None;
                } else {
                    self.is_doubtful = false;
                }
                return Err(error);
            }
        };
        self.is_doubtful = false;
        if !acquired.is_ours {
            return Ok(if stop.borrow().is_some() { Attempt::Stopped } else { Attempt::NotObtained });
        }
        self.won(acquired, sent).await
    }

    /// The lease is ours since some moment of a call that may have waited for long: unless it was short, only a renewal says
    /// until when.
    async fn won(&mut self, acquired: Acquired, sent: Moment) -> Result<Attempt> {
        let token = Token(acquired.token);
        let certain = self.terms.certain(ServerKind::Brooklet);
        let (proven, valid_until) = match sent.elapsed() < certain / 10 {
            true => (sent, sent.after(certain)),
            false => match self.renew(Some(token), self.client.response_timeout()).await? {
                Some(renewed) => (renewed, renewed.after(certain)),
                None => return Ok(Attempt::NotObtained),
            },
        };
        let server = ServerKind::Brooklet;
        Ok(Attempt::Won(Grant { token: Some(token), server, proven, valid_until }))
    }

    /// For whoever stops trying: a try that nobody answered may have won. Asking again says so, and what was got is given back.
    pub(crate) async fn abandon(&mut self) {
        if !self.is_doubtful {
            return;
        }
        let clearing = async {
            while let Err(error) = self.clear().await {
                tracing::debug!(key = %self.terms.key, %error, "still unknown");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(UNBLOCK, clearing).await.is_err() {
            tracing::warn!(key = %self.terms.key, "it is unknown whether the lease was got; if it was, it will expire");
        }
    }

    async fn clear(&mut self) -> Result<()> {
        let token = match self.open().await?.server {
            ServerKind::Redis => None,
            ServerKind::Brooklet => {
                let acquired = self.call(&dialect::lease_acquire(&self.terms, None), UNBLOCK).await?;
                match dialect::read_acquired(acquired)? {
                    Acquired { is_ours: true, token } => Some(Token(token)),
                    Acquired { is_ours: false, .. } => return Ok(()),
                }
            }
        };
        self.release(token, UNBLOCK).await.map(drop)
    }

    async fn poll(&mut self, wait: Duration, stop: &mut Stop) -> Result<Attempt> {
        let begun = Moment::now();
        let patience = self.client.response_timeout();
        loop {
            let sent = Moment::now();
            // From here to the answer it is unknown whose it is.
            let was_doubtful = std::mem::replace(&mut self.is_doubtful, true);
            let command = dialect::set_if_absent(&self.terms);
            let mut is_ours = matches!(self.call(&command, patience).await?, Value::Okay);
            if !is_ours && was_doubtful {
                is_ours = self.call(&dialect::renew_script(&self.terms), patience).await? == Value::Int(1);
            }
            self.is_doubtful = false;
            if is_ours {
                let server = ServerKind::Redis;
                let valid_until = sent.after(self.terms.certain(server));
                return Ok(Attempt::Won(Grant { token: None, server, proven: sent, valid_until }));
            }
            if begun.elapsed() + self.terms.retry_delay > wait {
                return Ok(Attempt::NotObtained);
            }
            if pause(self.terms.retry_delay, stop).await {
                return Ok(Attempt::Stopped);
            }
        }
    }

    /// Renews: the moment from which the whole time counts again, or none if the lease is not ours.
    pub(crate) async fn renew(&mut self, token: Option<Token>, patience: Duration) -> Result<Option<Moment>> {
        let span = tracing::info_span!("lease.renew", key = %self.terms.key, token = token.map(Token::get));
        let renewal = async {
            self.open().await?;
            let sent = Moment::now();
            let command = match token {
                Some(token) => dialect::lease_renew(&self.terms, token),
                None => dialect::renew_script(&self.terms),
            };
            match self.call(&command, patience).await {
                Ok(Value::Int(1)) => Ok(Some(sent)),
                Ok(Value::Int(0)) => Ok(None),
                Ok(other) => Err(Error::reply(&other)),
                Err(error) => match error.code() {
                    Some(Code::LeaseLost | Code::WrongType) => Ok(None),
                    _ => Err(error),
                },
            }
        };
        // The patience is for all of it: a new connection, too.
        match tokio::time::timeout(patience, renewal.instrument(span)).await {
            Ok(renewed) => renewed,
            Err(_) => {
                self.open = None;
                Err(Error::Timeout { after: patience, sent: true })
            }
        }
    }

    /// Until when a lease that was renewed at that moment is certain.
    pub(crate) fn certain_from(&self, renewed: Moment, server: ServerKind) -> Moment {
        renewed.after(self.terms.certain(server))
    }

    /// Gives the lease back; false if it was not ours any more.
    pub(crate) async fn release(&mut self, token: Option<Token>, patience: Duration) -> Result<bool> {
        let span = tracing::info_span!("lease.release", key = %self.terms.key, token = token.map(Token::get));
        let command = match token {
            Some(token) => dialect::lease_release(&self.terms, token),
            None => dialect::release_script(&self.terms),
        };
        let release = async { Ok(self.call(&command, patience).await? == Value::Int(1)) };
        match tokio::time::timeout(patience, release.instrument(span)).await {
            Ok(released) => released,
            Err(_) => Err(Error::Timeout { after: patience, sent: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(bind: Option<Duration>) -> Terms {
        let (expiry, retry_delay) = (Duration::from_secs(30), Duration::from_millis(100));
        Terms { key: "k".into(), holder: "h".into(), expiry, bind, retry_delay }
    }

    #[test]
    fn what_is_certain_is_shorter_than_what_was_granted() {
        assert_eq!(terms(None).certain(ServerKind::Redis), Duration::from_millis(29_700));
    }

    #[test]
    fn a_bound_lease_is_certain_for_its_grace_only() {
        let bound = terms(Some(Duration::from_secs(1)));
        assert_eq!(bound.certain(ServerKind::Brooklet), Duration::from_millis(990));
        // There it cannot be bound.
        assert_eq!(bound.certain(ServerKind::Redis), Duration::from_millis(29_700));
    }
}
