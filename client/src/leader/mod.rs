//! Leader election: of many instances one consumes, and when it ends or fails another one does.
//!
//! [`LeaderConsumer`] is the whole of it. Reading order: [`config`], [`election`] (the loop), [`consumer`] (what runs while one
//! leads), [`streams`] (the consumer that reads streams), and below them `lease/`.

mod config;
mod consumer;
mod election;
mod message;
mod reading;
mod streams;

pub use crate::lease::{LeaderGuard, LeaseStats, LossReason, Token};
pub use config::LeaderConfig;
pub use consumer::{Consumer, Ending, Running};
pub use election::Stopped;
pub use message::{BoxError, BoxFuture, Fields, Message, Subscription, Subscriptions, Tags};
pub use streams::{StreamOptions, StreamStats};

use crate::client::Client;
use crate::clock::Moment;
use crate::error::{ConfigError, Error, Result};
use crate::lease::Counters;
use election::Election;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use streams::{StreamConsumer, StreamCounters};
use tokio::sync::watch;

/// One of the instances of which one leads. It does nothing until [`LeaderConsumer::start`]; dropping it stops it in the background.
///
/// ```
/// # use brooklet_client::{Client, leader::{LeaderConsumer, Message, BoxError}};
/// # use std::time::Duration;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), BoxError> {
/// # let client = Client::embedded(std::sync::Arc::new(brooklet::Broker::in_memory()));
/// # client.call::<String>(redis::cmd("XADD").arg(&["orders", "*", "item", "tea"])).await?;
/// let (done, mut is_done) = tokio::sync::mpsc::channel(1);
/// let leader = LeaderConsumer::builder(client, "billing").build()?;
/// leader.subscribe("orders", "*", move |message: Message| {
///     let done = done.clone();
///     async move { done.send(message.text("item").unwrap_or("nothing").to_owned()).await }
/// })?;
/// leader.start()?;
/// assert_eq!(is_done.recv().await.as_deref(), Some("tea"));
/// leader.stop(Duration::from_secs(5)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct LeaderConsumer {
    client: Client,
    config: LeaderConfig,
    name: Option<Arc<str>>,
    key: Arc<str>,
    consumer: Wrapped,
    subscriptions: Subscriptions,
    counters: Arc<Counters>,
    streams: Arc<StreamCounters>,
    leading: watch::Sender<Option<LeaderGuard>>,
    run: Mutex<Option<Run>>,
}

/// A loop that was started.
#[derive(Debug)]
struct Run {
    stop: watch::Sender<Option<Moment>>,
    done: watch::Receiver<Option<Stopped>>,
    task: tokio::task::AbortHandle,
}

struct Wrapped(Arc<dyn Consumer>);

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dyn Consumer")
    }
}

impl LeaderConsumer {
    /// An instance for a group, with the defaults: all instances of a group compete for the same lease.
    pub fn builder(client: Client, group: impl Into<String>) -> LeaderBuilder {
        LeaderBuilder {
            client,
            group: group.into(),
            config: LeaderConfig::default(),
            streams: StreamOptions::default(),
            name: None,
            consumer: None,
        }
    }

    /// Handles the messages of a topic whose tag is among `tags`: `*`, or `a || b`. Remembered: it holds for this term and all later
    /// ones, and may be called before the start, while following, and while leading. A second call for a topic replaces the first.
    ///
    /// # Errors
    /// [`Error::Config`] for an empty topic or tags that make no sense.
    pub fn subscribe<F, Fut, E>(&self, topic: &str, tags: &str, handler: F) -> Result<()>
    where
        F: Fn(Message) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        self.subscriptions.add(Subscription::new(topic, tags, handler)?);
        Ok(())
    }

    /// Forgets a topic; whether there was a subscription.
    pub fn unsubscribe(&self, topic: &str) -> bool {
        self.subscriptions.remove(topic)
    }

    /// Starts the election in the background, and returns at once. To be called within a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Running`] if it runs already. After a stop it can be started again.
    pub fn start(&self) -> Result<()> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        if run.as_ref().is_some_and(|run| !run.task.is_finished()) {
            return Err(Error::Running);
        }
        let election = Election {
            client: self.client.clone(),
            config: self.config.clone(),
            name: self.name.clone(),
            key: Arc::clone(&self.key),
            consumer: Arc::clone(&self.consumer.0),
            subscriptions: self.subscriptions.clone(),
            counters: Arc::clone(&self.counters),
            leading: self.leading.clone(),
        };
        let (stop, stopping) = watch::channel(None);
        let (finished, done) = watch::channel(None);
        let task = tokio::spawn(async move {
            let stopped = election.run(stopping).await;
            finished.send_replace(Some(stopped));
        });
        *run = Some(Run { stop, done, task: task.abort_handle() });
        Ok(())
    }

    /// Ends it, in any state, any number of times: what is in hand is finished, then nothing more is consumed, then the lease is given
    /// back. Returns within the time given; what a handler has not finished by then is dropped.
    pub async fn stop(&self, within: Duration) -> Stopped {
        let nothing = Stopped { drained: true, released: false };
        let (mut done, task, by) = {
            let run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(run) = &*run else { return nothing };
            let by = Moment::now().after(within);
            // The first word counts: whoever stops it meanwhile waits for the same end.
            run.stop.send_if_modified(|stop| stop.is_none() && stop.replace(by).is_none());
            (run.done.clone(), run.task.clone(), by)
        };
        let end = async { done.wait_for(Option::is_some).await.ok().and_then(|stopped| *stopped) };
        match tokio::time::timeout(by.left(), end).await {
            Ok(stopped) => stopped.unwrap_or(nothing),
            Err(_) => {
                // Whatever hangs is dropped; the lease is given back in the background, or expires.
                task.abort();
                self.leading.send_replace(None);
                Stopped { drained: false, released: false }
            }
        }
    }

    /// Whether this instance leads right now. Asks nobody, and says no before the server can let anybody else lead.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.guard().is_some()
    }

    /// The proof of leading, while it lasts.
    #[must_use]
    pub fn guard(&self) -> Option<LeaderGuard> {
        self.leading.borrow().clone().filter(|guard| guard.is_held() && guard.loss().is_none())
    }

    /// Waits until this instance leads.
    pub async fn elected(&self) -> LeaderGuard {
        let mut leading = self.leading.subscribe();
        loop {
            // The sender is in `self`, so there is always somebody who may say it.
            if let Ok(guard) = leading.wait_for(|guard| guard.as_ref().is_some_and(LeaderGuard::is_held)).await
                && let Some(guard) = guard.clone()
            {
                return guard;
            }
        }
    }

    /// The lease's key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The name that this instance was given, if any.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What the lease has counted.
    #[must_use]
    pub fn stats(&self) -> LeaseStats {
        self.counters.snapshot()
    }

    /// What was done with messages; zeros with a consumer of one's own.
    #[must_use]
    pub fn stream_stats(&self) -> StreamStats {
        self.streams.snapshot()
    }
}

impl Drop for LeaderConsumer {
    fn drop(&mut self) {
        let run = self.run.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = run {
            let by = Moment::now().after(self.config.drain_timeout);
            run.stop.send_if_modified(|stop| stop.is_none() && stop.replace(by).is_none());
        }
    }
}

/// Puts a [`LeaderConsumer`] together.
pub struct LeaderBuilder {
    client: Client,
    group: String,
    config: LeaderConfig,
    streams: StreamOptions,
    name: Option<String>,
    consumer: Option<Arc<dyn Consumer>>,
}

impl LeaderBuilder {
    /// Other times, or another key.
    #[must_use]
    pub fn config(mut self, config: LeaderConfig) -> Self {
        self.config = config;
        self
    }

    /// How streams are read.
    #[must_use]
    pub fn streams(mut self, options: StreamOptions) -> Self {
        self.streams = options;
        self
    }

    /// A name for this instance, for people: while it leads, the key holds the name, a colon and 32 random digits; without a
    /// name the digits alone. They are others in each term.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Something else than the reader of streams to run while leading.
    #[must_use]
    pub fn consumer(mut self, consumer: impl Consumer) -> Self {
        self.consumer = Some(Arc::new(consumer));
        self
    }

    /// The instance, not started yet.
    ///
    /// # Errors
    /// [`Error::Config`]: which value is wrong, and why.
    pub fn build(self) -> Result<LeaderConsumer> {
        self.config.validate()?;
        if self.group.is_empty() {
            return Err(ConfigError::new("group", "it is empty").into());
        }
        let key = self.config.key(&self.group).into();
        let streams = Arc::new(StreamCounters::default());
        let reader = StreamConsumer {
            client: self.client.clone(),
            group: self.group.into(),
            options: self.streams,
            counters: Arc::clone(&streams),
        };
        Ok(LeaderConsumer {
            consumer: Wrapped(self.consumer.unwrap_or_else(|| Arc::new(reader))),
            client: self.client,
            config: self.config,
            name: self.name.map(Into::into),
            key,
            subscriptions: Subscriptions::default(),
            counters: Arc::default(),
            streams,
            leading: watch::channel(None).0,
            run: Mutex::new(None),
        })
    }
}
