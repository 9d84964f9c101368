//! Keeps a lease in the background: renews it, notices its loss, gives it back. A task of its own, so that whatever happens to the
//! work (it returns, fails, panics, is dropped) the lease is given back.

use super::guard::{Holder, LeaderGuard, LossReason, Term};
use super::link::{Grant, LeaseLink};
use super::stats::Counters;
use super::{Stop, pause, stopped};
use crate::client::Client;
use crate::clock::Moment;
use crate::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// When a lease is renewed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// Between two renewals, a fifth more or less.
    pub(crate) interval: Duration,
    /// After so long without one the work has to stop.
    pub(crate) deadline: Duration,
    /// Between two tries of one renewal.
    pub(crate) retry: Duration,
    /// How long giving it back may take when nobody says otherwise.
    pub(crate) release: Duration,
}

impl Timing {
    /// The wait before the next renewal: not the same for all, so that a crowd that started together does not stay together.
    fn jittered(&self) -> Duration {
        self.interval.mul_f64(0.8 + 0.4 * fastrand::f64())
    }
}

/// A lease that is being kept. Dropping it gives it back in the background.
#[derive(Debug)]
pub(crate) struct Hold {
    guard: LeaderGuard,
    stop: watch::Sender<Option<Moment>>,
    keeper: Option<JoinHandle<bool>>,
}

impl Hold {
    pub(crate) fn keep(
        link: LeaseLink,
        grant: Grant,
        client: Client,
        timing: Timing,
        counters: &Arc<Counters>,
    ) -> Self {
        let (key, name) = (Arc::clone(&link.terms().key), Arc::clone(&link.terms().holder));
        let holder = Holder { key, name, token: grant.token, server: grant.server };
        let term = Term::begin(holder, client, grant.valid_until, Arc::clone(counters));
        let guard = LeaderGuard::of(&term);
        let (stop, stopping) = watch::channel(None);
        let keeper = Keeper { link, term, timing, counters: Arc::clone(counters), renewed: grant.proven };
        Self { guard, stop, keeper: Some(tokio::spawn(keeper.run(stopping))) }
    }

    pub(crate) fn guard(&self) -> &LeaderGuard {
        &self.guard
    }

    /// Gives it back; whether that was still to be done, and was. Takes at most so long.
    pub(crate) async fn release(mut self, within: Duration) -> bool {
        self.stop.send_replace(Some(Moment::now().after(within)));
        let Some(keeper) = self.keeper.take() else { return false };
        tokio::time::timeout(within, keeper).await.is_ok_and(|released| released.unwrap_or_default())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.keeper.is_some() {
            let by = Moment::now().after(Duration::from_secs(5));
            self.stop.send_replace(Some(by));
        }
    }
}

struct Keeper {
    link: LeaseLink,
    term: Arc<Term>,
    timing: Timing,
    counters: Arc<Counters>,
    /// When the lease was last certainly ours.
    renewed: Moment,
}

impl Keeper {
    /// Renews until the lease is lost or to be given back; whether it was given back.
    async fn run(mut self, mut stop: Stop) -> bool {
        loop {
            if pause(self.timing.jittered(), &mut stop).await {
                break;
            }
            if !self.renew(&mut stop).await {
                break;
            }
        }
        if self.term.valid_until().is_none() {
            // Lost for good: there is nothing to give back.
            return false;
        }
        // If nobody wants the end, time is nearly out: whoever works under it has the rest of it to stop in.
        let end = self.term.valid_until().unwrap_or_else(Moment::now);
        let by = tokio::select! {
            biased;
            by = stopped(&mut stop) => by,
            () = end.reached() => Moment::now().after(self.timing.release),
        };
        self.release(by.left().min(self.timing.release)).await
    }

    /// One renewal, tried until it works or the deadline has passed. False: the lease is lost.
    async fn renew(&mut self, stop: &mut Stop) -> bool {
        loop {
            let left = self.timing.deadline.saturating_sub(self.renewed.elapsed());
            if left.is_zero() {
                self.term.lose(LossReason::NotRenewed);
                return false;
            }
            let begun = Moment::now();
            let patience = left.min((self.timing.deadline / 4).max(Duration::from_millis(20)));
            let holder = self.term.holder();
            let (token, server) = (holder.token, holder.server);
            let renewed = tokio::select! {
                biased;
                // Whoever wants the end need not wait for a server that does not answer.
                _ = stopped(stop) => return true,
                renewed = self.link.renew(token, patience) => renewed,
            };
            match renewed {
                Ok(Some(at)) => {
                    self.renewed = at;
                    self.term.extend(self.link.certain_from(at, server));
                    self.counters.renewed(begun.elapsed());
                    return true;
                }
                Ok(None) => {
                    tracing::warn!(key = %self.term.holder().key, "the lease is not ours any more");
                    self.term.lose(LossReason::NotMine);
                    return false;
                }
                Err(error) => self.note(&error),
            }
            if pause(self.timing.retry.min(left), stop).await {
                return true;
            }
        }
    }

    fn note(&self, error: &Error) {
        self.counters.renew_failed();
        let left = self.term.valid_until().map(Moment::left);
        tracing::warn!(key = %self.term.holder().key, %error, ?left, "renewing the lease failed, trying again");
    }

    async fn release(&mut self, within: Duration) -> bool {
        // First for ourselves, then for the server: nobody believes in it any more when the next one gets it.
        self.term.lose(LossReason::Released);
        let released = self.link.release(self.term.holder().token, within).await;
        match released {
            Ok(was_ours) => was_ours,
            Err(error) => {
                tracing::warn!(key = %self.term.holder().key, %error, "the lease was not released, it will expire");
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_are_spread_by_a_fifth() {
        let interval = Duration::from_secs(10);
        let timing = Timing { interval, deadline: interval * 2, retry: interval, release: interval };
        let waits: Vec<Duration> = (0..200).map(|_| timing.jittered()).collect();
        assert!(waits.iter().all(|wait| *wait >= interval * 8 / 10 && *wait <= interval * 12 / 10));
        assert!(waits.iter().min() < waits.iter().max());
    }
}
