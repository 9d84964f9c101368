//! The loop: wait for the lease, lead while it lasts, give it back, begin anew.

use super::config::LeaderConfig;
use super::consumer::{Consumer, Ended, Running};
use super::message::Subscriptions;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::clock::Moment;
use crate::lease::{Attempt, Counters, Grant, Hold, LeaderGuard, LeaseLink, LossReason, Stop, Terms, pause, stopped};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The longest wait after a consumer that did not start, or a server that refused.
const LONGEST: Duration = Duration::from_secs(30);

/// How a stop went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Whether what was in hand was finished, not dropped where it stood. True where nothing was.
    pub drained: bool,
    /// Whether a lease was given back. False if there was none.
    pub released: bool,
}

/// What the loop is made of.
pub(super) struct Election {
    pub(super) client: Client,
    pub(super) config: LeaderConfig,
    /// The instance's name, if it was given one.
    pub(super) name: Option<Arc<str>>,
    pub(super) key: Arc<str>,
    pub(super) consumer: Arc<dyn Consumer>,
    pub(super) subscriptions: Subscriptions,
    pub(super) counters: Arc<Counters>,
    /// The guard of this moment, if we lead.
    pub(super) leading: watch::Sender<Option<LeaderGuard>>,
}

/// How a term ended.
enum Over {
    /// The stop came.
    Stop(Moment),
    /// The lease was lost.
    Lost(LossReason),
    /// The consumer ended although nobody asked it to.
    Consumer,
}

impl Election {
    pub(super) async fn run(self, mut stop: Stop) -> Stopped {
        self.introduce(&mut stop).await;
        let mut backoff = Backoff::new(self.config.retry_delay, LONGEST);
        let mut link = self.link();
        loop {
            match link.acquire(self.config.lock_timeout, &mut stop).await {
                Ok(Attempt::Won(grant)) => {
                    let link = std::mem::replace(&mut link, self.link());
                    if let Some(stopped) = self.lead(link, grant, &mut stop, &mut backoff).await {
                        return stopped;
                    }
                }
                Ok(Attempt::NotObtained) => {
                    self.counters.not_obtained();
                    continue;
                }
                Ok(Attempt::Stopped) => break,
                Err(error) => {
                    self.counters.acquire_failed();
                    let again = backoff.next();
                    tracing::warn!(key = %self.key, %error, ?again, "standing for election failed");
                    if pause(again, &mut stop).await {
                        break;
                    }
                }
            }
        }
        link.abandon().await;
        Stopped { drained: true, released: false }
    }

    /// A try of its own, under a name of its own: so that no win ever continues an earlier one, which would bring no new token.
    fn link(&self) -> LeaseLink {
        let unique = crate::identity::unique();
        let terms = Terms {
            key: Arc::clone(&self.key),
            holder: self.name.as_ref().map_or(unique.clone(), |name| format!("{name}:{unique}")).into(),
            expiry: self.config.lock_expiry,
            bind: self.config.disconnect_grace,
            retry_delay: self.config.retry_delay,
        };
        LeaseLink::new(self.client.clone(), terms)
    }

    /// Two instances with different servers both lead, and no lock can tell: so each says where it stands.
    async fn introduce(&self, stop: &mut Stop) {
        let run_id = tokio::select! {
            biased;
            _ = stopped(stop) => return,
            run_id = self.client.run_id() => run_id.unwrap_or_else(|error| format!("unknown yet ({error})")),
        };
        let (server, name) = (self.client.endpoint(), self.name.as_deref());
        tracing::info!(%server, %run_id, lease_key = %self.key, name, "standing for election");
    }

    /// One term. Some: it was the last.
    async fn lead(&self, link: LeaseLink, grant: Grant, stop: &mut Stop, backoff: &mut Backoff) -> Option<Stopped> {
        let hold = Hold::keep(link, grant, self.client.clone(), self.config.timing(), &self.counters);
        let guard = hold.guard().clone();
        let token = guard.token().map(|token| token.get());
        tracing::info!(key = %self.key, token, "elected");
        self.leading.send_replace(Some(guard.clone()));
        let started = tokio::select! {
            biased;
            by = stopped(stop) => Err(Over::Stop(by)),
            reason = guard.lost() => Err(Over::Lost(reason)),
            started = self.consumer.start(guard.clone(), self.subscriptions.clone()) => started.map_err(|error| {
                tracing::error!(key = %self.key, %error, "elected, but the consumer did not start");
                Over::Consumer
            }),
        };
        let (over, running) = match started {
            Err(over) => (over, None),
            Ok(mut running) => (self.watch(&guard, &mut running, stop, backoff).await, Some(running)),
        };
        let drained = self.end(&over, &guard, running).await;
        // Between here and the release nobody leads.
        self.leading.send_replace(None);
        let released = hold.release(self.release_within(&over)).await;
        tracing::info!(key = %self.key, token, drained, released, "the term is over");
        match over {
            Over::Stop(_) => Some(Stopped { drained, released }),
            Over::Lost(_) => None,
            Over::Consumer => {
                let again = backoff.next();
                pause(again, stop).await.then_some(Stopped { drained, released })
            }
        }
    }

    async fn watch(&self, guard: &LeaderGuard, running: &mut Running, stop: &mut Stop, backoff: &mut Backoff) -> Over {
        let begun = Moment::now();
        let over = tokio::select! {
            biased;
            by = stopped(stop) => Over::Stop(by),
            reason = guard.lost() => Over::Lost(reason),
            ended = running.ended() => {
                match ended {
                    Ok(()) => tracing::warn!(key = %self.key, "the consumer ended by itself"),
                    Err(error) => tracing::error!(key = %self.key, %error, "the consumer failed"),
                }
                Over::Consumer
            }
        };
        // A consumer that worked for as long as a lease may begin again at once when it fails.
        if begun.elapsed() > self.config.lock_expiry {
            backoff.reset();
        }
        over
    }

    /// Ends the consumer; whether it could finish what it had in hand. Never beyond the lease: work that goes on longer is dropped
    /// where it stands.
    async fn end(&self, over: &Over, guard: &LeaderGuard, running: Option<Running>) -> bool {
        let Some(running) = running else { return true };
        let within = match over {
            // Some of the time is for the release.
            Over::Stop(by) => by.left().saturating_sub((by.left() / 4).min(Duration::from_millis(500))),
            Over::Lost(reason) if reason.is_final() => Duration::ZERO,
            Over::Lost(_) => guard.remaining().min(self.config.drain_timeout),
            // It has ended.
            Over::Consumer => return true,
        };
        let draining = running.end(within);
        tokio::pin!(draining);
        tokio::select! {
            biased;
            ended = &mut draining => ended == Ended::InTime,
            () = lost_for_good(guard) => false,
        }
    }

    fn release_within(&self, over: &Over) -> Duration {
        match over {
            Over::Stop(by) => by.left().max(Duration::from_millis(50)),
            Over::Lost(_) | Over::Consumer => self.config.drain_timeout,
        }
    }
}

/// Waits until the lease is certainly over: lost for good, or out of time.
async fn lost_for_good(guard: &LeaderGuard) {
    if !guard.lost().await.is_final() {
        while guard.is_held() {
            tokio::time::sleep(guard.remaining().min(Duration::from_millis(100))).await;
        }
    }
}
