//! A lock around a piece of work, and around the handling of one message.

use crate::backoff::Backoff;
use crate::client::Client;
use crate::clock::Moment;
use crate::error::{Error, Result};
use crate::leader::{LeaderConfig, Message};
use crate::lease::{Attempt, Counters, Hold, LeaderGuard, LeaseLink, Stop, Terms, pause};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a lock is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// It ends so long after the last renewal: 30 s. It is renewed at a third of that, for as long as the work takes.
    pub expiry: Duration,
    /// How long it is waited for: 5 s.
    pub wait: Duration,
    /// Between two tries where the server cannot wait for us: 100 ms.
    pub retry_delay: Duration,
}

impl Default for LockOptions {
    fn default() -> Self {
        let config = LeaderConfig::default();
        Self { expiry: config.lock_expiry, wait: config.lock_timeout, retry_delay: config.retry_delay }
    }
}

impl LockOptions {
    fn config(&self, key: &str) -> LeaderConfig {
        LeaderConfig {
            lock_key: Some(key.to_owned()),
            lock_expiry: self.expiry,
            refresh_interval: self.expiry / 3,
            retry_delay: self.retry_delay,
            lock_timeout: self.wait,
            ..LeaderConfig::default()
        }
    }
}

/// Runs `work` once, under the lock `key`. The lock is renewed while it runs and given back afterwards, whatever became of it: it
/// returned, it panicked, or the caller dropped this future.
///
/// ```
/// # use brooklet_client::{Client, LockOptions, run_with_lock};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> brooklet_client::Result<()> {
/// # let client = Client::embedded(std::sync::Arc::new(brooklet::Broker::in_memory()));
/// let sum = run_with_lock(&client, "report:2026-11", &LockOptions::default(), |_guard| async { 20 + 22 }).await?;
/// assert_eq!(sum, 42);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`Error::NotObtained`] if somebody else has the lock for longer than was to be waited, and `work` did not run; [`Error::LeaseLost`] if the lock
/// was lost while it ran, and it was dropped where it stood. Both can be tried again.
pub async fn run_with_lock<F, Fut>(client: &Client, key: &str, options: &LockOptions, work: F) -> Result<Fut::Output>
where
    F: FnOnce(LeaderGuard) -> Fut,
    Fut: Future,
{
    let config = options.config(key);
    config.validate()?;
    let hold = obtain(client, &config, key).await?;
    let guard = hold.guard().clone();
    let outcome = tokio::select! {
        biased;
        output = work(guard.clone()) => Ok(output),
        reason = guard.lost() => Err(Error::LeaseLost { key: key.into(), reason }),
    };
    hold.release(config.drain_timeout).await;
    outcome
}

/// [`run_with_lock`] around the handling of one message: whatever instances are given it, one at a time works on it. The key is
/// `mq:public:lock:`, the topic, `name`, and the message's id, with colons between them.
///
/// # Errors
/// As [`run_with_lock`]. A handler that returns it fails, so the message is handled again.
pub async fn run_with_message_lock<F, Fut>(
    client: &Client,
    message: &Message,
    name: &str,
    options: &LockOptions,
    work: F,
) -> Result<Fut::Output>
where
    F: FnOnce(LeaderGuard) -> Fut,
    Fut: Future,
{
    let key = format!("mq:public:lock:{}:{name}:{}", message.topic, message.id);
    run_with_lock(client, &key, options, work).await
}

/// The lock, or why not. A task of its own does it: if nobody waits for it any more, it ends the wait in the server, and gives
/// back what it got in the same moment.
async fn obtain(client: &Client, config: &LeaderConfig, key: &str) -> Result<Hold> {
    let (_stop, stopping) = watch::channel(None);
    let task = tokio::spawn(obtaining(client.clone(), config.clone(), key.into(), stopping));
    task.await.unwrap_or_else(|ended| Err(Error::Disconnected(ended.to_string().into())))
}

async fn obtaining(client: Client, config: LeaderConfig, key: Arc<str>, mut stopping: Stop) -> Result<Hold> {
    let terms = Terms {
        key: Arc::clone(&key),
        holder: crate::identity::unique().into(),
        expiry: config.lock_expiry,
        bind: None,
        retry_delay: config.retry_delay,
    };
    let counters = Arc::<Counters>::default();
    let until = Moment::now().after(config.lock_timeout);
    let mut backoff = Backoff::new(config.retry_delay, Duration::from_secs(1));
    let mut link = LeaseLink::new(client.clone(), terms);
    loop {
        match link.acquire(until.left().max(Duration::from_millis(1)), &mut stopping).await {
            Ok(Attempt::Won(grant)) => return Ok(Hold::keep(link, grant, client, config.timing(), &counters)),
            Ok(Attempt::NotObtained | Attempt::Stopped) => {
                link.abandon().await;
                return Err(Error::NotObtained { key, waited: config.lock_timeout });
            }
            Err(error) if error.is_retryable() && !until.left().is_zero() => {
                if pause(backoff.next().min(until.left()), &mut stopping).await {
                    link.abandon().await;
                    return Err(error);
                }
            }
            Err(error) => {
                link.abandon().await;
                return Err(error);
            }
        }
    }
}
