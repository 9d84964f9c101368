//! The proof that one leads: what the work of a leader looks at. Local, without a question to anybody.

use super::stats::Counters;
use crate::client::Client;
use crate::clock::{AtomicMoment, Moment};
use crate::error::{Code, Error, Result};
use crate::server::ServerKind;
use redis::{Arg, Cmd, FromRedisValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A fencing token: a number that only rises, from one holder of a lease to the next, through restarts and deletions. Give it
/// to whatever the work writes to, and let that refuse smaller ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub(crate) u64);

impl Token {
    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How a lease was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LossReason {
    /// The server says that somebody else has it, or nobody.
    NotMine,
    /// It could not be renewed for so long that it may end soon. The rest of its time is for stopping.
    NotRenewed,
    /// The server refused a write because a newer leader has written.
    Fenced,
    /// It was given back on purpose.
    Released,
}

impl LossReason {
    /// Whether somebody else may lead already. If not, the lease runs on for [`LeaderGuard::remaining`].
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::NotRenewed)
    }
}

impl std::fmt::Display for LossReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotMine => "it is not ours any more",
            Self::NotRenewed => "it could not be renewed in time",
            Self::Fenced => "a newer leader has written",
            Self::Released => "it was released",
        })
    }
}

/// Who holds which lease, by what right.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) key: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) token: Option<Token>,
    pub(crate) server: ServerKind,
}

/// One time of holding a lease, shared by whoever renews it and whoever works under it.
#[derive(Debug)]
pub(crate) struct Term {
    holder: Holder,
    client: Client,
    /// Until when the server cannot have given the lease to anybody else. Cleared for ever when it is lost.
    valid_until: AtomicMoment,
    lost: watch::Sender<Option<LossReason>>,
    counters: Arc<Counters>,
}

impl Term {
    pub(crate) fn begin(holder: Holder, client: Client, valid_until: Moment, counters: Arc<Counters>) -> Arc<Self> {
        let (lost, _) = watch::channel(None);
        let term = Self { holder, client, valid_until: AtomicMoment::default(), lost, counters };
        term.valid_until.set(valid_until);
        term.counters.won();
        Arc::new(term)
    }

    pub(crate) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Moves the end of the lease on; not if it is lost.
    pub(crate) fn extend(&self, until: Moment) {
        let lost = self.lost.borrow();
        // Under the read lock of `lost`, so that a loss comes either before or after.
        if lost.is_none() {
            self.valid_until.set(until);
        }
    }

    /// The lease is lost. Only the first reason counts, but a final one ends what a passing one left.
    pub(crate) fn lose(&self, reason: LossReason) {
        let is_first = self.lost.send_if_modified(|lost| {
            if reason.is_final() {
                self.valid_until.clear();
            }
            lost.is_none() && lost.replace(reason).is_none()
        });
        if is_first {
            self.counters.lost(reason);
        }
    }

    pub(crate) fn valid_until(&self) -> Option<Moment> {
        self.valid_until.get()
    }
}

/// The proof of leading, for as long as it lasts. Clones are the same lease.
#[derive(Clone, Debug)]
pub struct LeaderGuard {
    term: Arc<Term>,
}

impl LeaderGuard {
    pub(crate) fn of(term: &Arc<Term>) -> Self {
        Self { term: Arc::clone(term) }
    }

    /// The fencing token that came with this win. **None on redis-server, which has none**: there nothing can stop a leader
    /// that was paused from writing after its time.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        self.term.holder.token
    }

    /// The lease's key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.term.holder.key
    }

    /// What the key holds while we lead.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.term.holder.name
    }

    /// Whether the lease is ours right now: no later than the server can give it to somebody else it says no, by this machine's
    /// own clock and without asking anybody.
    #[must_use]
    pub fn is_held(&self) -> bool {
        !self.remaining().is_zero()
    }

    /// For how much longer that is certain without another renewal. Zero once the lease is lost for good.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.term.valid_until().map_or(Duration::ZERO, Moment::left)
    }

    /// Waits until the lease is lost or was given back. After [`LossReason::NotRenewed`] there is [`LeaderGuard::remaining`]
    /// left to stop in, and nothing after the others.
    pub async fn lost(&self) -> LossReason {
        let mut lost = self.term.lost.subscribe();
        // The sender lives in the term, which this guard holds.
        let reason = lost.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
        reason.unwrap_or(LossReason::NotMine)
    }

    /// How it was lost, if it was.
    #[must_use]
    pub fn loss(&self) -> Option<LossReason> {
        *self.term.lost.borrow()
    }

    /// An error unless the lease is ours: for the start of each step of the work.
    ///
    /// # Errors
    /// [`Error::LeaseLost`].
    pub fn check(&self) -> Result<()> {
        if self.is_held() {
            return Ok(());
        }
        let reason = self.loss().unwrap_or(LossReason::NotRenewed);
        Err(Error::LeaseLost { key: Arc::clone(&self.term.holder.key), reason })
    }

    /// Calls a command that the server runs only while our token is the lease's: a leader that was paused cannot write any more,
    /// even if it does not know yet. Takes a Brooklet.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if it was refused for that, and then the lease counts as lost; [`Error::Unsupported`] on a server
    /// without tokens; else as [`Client::call`].
    pub async fn call<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        let holder = &self.term.holder;
        let (ServerKind::Brooklet, Some(token)) = (holder.server, holder.token) else {
            return Err(Error::Unsupported("a fenced call takes tokens"));
        };
        let mut fenced = redis::cmd("LEASE.EXEC");
        fenced.arg(&*holder.key).arg(token.get());
        for arg in command.args_iter() {
            match arg {
                Arg::Simple(bytes) => fenced.arg(bytes),
                _ => fenced.arg(0),
            };
        }
        self.term.client.call(&fenced).await.map_err(|error| match error.code() {
            Some(Code::Fenced) => {
                self.term.lose(LossReason::Fenced);
                Error::LeaseLost { key: Arc::clone(&holder.key), reason: LossReason::Fenced }
            }
            _ => error,
        })
    }

    /// [`LeaderGuard::call`] where the server can do it, else the plain call, if the lease is ours by the clock.
    pub(crate) async fn call_if_held<T: FromRedisValue>(&self, command: &Cmd) -> Result<T> {
        match self.term.holder.token {
            Some(_) => self.call(command).await,
            None => {
                self.check()?;
                self.term.client.call(command).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(valid_for: Duration) -> Arc<Term> {
        let holder = Holder { key: "k".into(), name: "me".into(), token: Some(Token(7)), server: ServerKind::Brooklet };
        let client = Client::open("redis://127.0.0.1:1").unwrap();
        Term::begin(holder, client, Moment::now().after(valid_for), Arc::default())
    }

    #[test]
    fn a_guard_says_no_once_its_time_is_over_though_nobody_told_it() {
        assert!(LeaderGuard::of(&term(Duration::from_secs(30))).is_held());
        let over = LeaderGuard::of(&term(Duration::ZERO));
        assert!(!over.is_held() && over.loss().is_none());
        assert!(matches!(over.check(), Err(Error::LeaseLost { .. })));
    }

    #[test]
    fn a_final_loss_ends_the_lease_and_no_late_renewal_brings_it_back() {
        let term = term(Duration::from_secs(30));
        let guard = LeaderGuard::of(&term);
        term.lose(LossReason::NotMine);
        term.extend(Moment::now().after(Duration::from_secs(30)));
        assert!(!guard.is_held());
        term.lose(LossReason::Released);
        assert_eq!(guard.loss(), Some(LossReason::NotMine));
    }

    #[test]
    fn a_passing_loss_leaves_the_rest_of_the_time_for_stopping() {
        let term = term(Duration::from_secs(30));
        let guard = LeaderGuard::of(&term);
        term.lose(LossReason::NotRenewed);
        assert!(guard.is_held() && guard.remaining() > Duration::from_secs(20));
        term.lose(LossReason::Released);
        assert!(!guard.is_held());
        assert_eq!(guard.loss(), Some(LossReason::NotRenewed));
    }
}
