//! The consumer that comes with the crate: topics are streams, read by one consumer group, one message after the other.
//!
//! Only the leader is a consumer of the group, and each leader is the same one, by name. So a new leader finds what its
//! predecessor was given and did not acknowledge in its own list, and followers have none. What arrived there without
//! anybody handling it (a handler failed, or a read of a leader that was gone by then) is looked for again and again.
//! Acknowledgements are fenced where the server can do that.

use super::consumer::{Consumer, Ending, Running};
use super::message::{BoxError, BoxFuture, Message, Subscription, Subscriptions};
use super::reading::{self, Entry};
use crate::backoff::Backoff;
use crate::client::Client;
use crate::clock::Moment;
use crate::error::{Code, Error, Result};
use crate::lease::LeaderGuard;
use crate::waiter::Waiter;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::watch;
use tracing::Instrument;

/// How streams are read.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    /// The consumer's name within the group, the same for all instances: `leader`.
    pub consumer: String,
    /// The field that holds a message's tag: `tag`.
    pub tag_field: String,
    /// Messages per read: 10.
    pub batch: usize,
    /// How often messages that were given out and not acknowledged are handled again: 10 s.
    pub retry_after: Duration,
    /// Where a group begins that does not exist yet: at the first message, or with those that come.
    pub from_start: bool,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            consumer: "leader".to_owned(),
            tag_field: "tag".to_owned(),
            batch: 10,
            retry_after: Duration::from_secs(10),
            from_start: true,
        }
    }
}

/// What was done with messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamStats {
    /// Handled and acknowledged.
    pub handled: u64,
    /// Acknowledged because nobody wants their tag.
    pub skipped: u64,
    /// Times a handler failed or panicked.
    pub failed: u64,
}

#[derive(Debug, Default)]
pub(crate) struct StreamCounters {
    handled: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
}

impl StreamCounters {
    pub(crate) fn snapshot(&self) -> StreamStats {
        let [handled, skipped, failed] = [&self.handled, &self.skipped, &self.failed].map(|n| n.load(Relaxed));
        StreamStats { handled, skipped, failed }
    }
}

/// Reads streams as a consumer group.
#[derive(Clone, Debug)]
pub(crate) struct StreamConsumer {
    pub(crate) client: Client,
    pub(crate) group: Arc<str>,
    pub(crate) options: StreamOptions,
    pub(crate) counters: Arc<StreamCounters>,
}

impl Consumer for StreamConsumer {
    fn start(&self, guard: LeaderGuard, subscriptions: Subscriptions) -> BoxFuture<'_, Result<Running, BoxError>> {
        Box::pin(async move {
            let mut reader = Reader { consumer: self.clone(), guard, changes: subscriptions.watch(), open: None };
            // Whoever cannot make the groups cannot lead either.
            reader.open().await?;
            Ok(Running::spawn(|ending| reader.run(ending)))
        })
    }
}

struct Reader {
    consumer: StreamConsumer,
    guard: LeaderGuard,
    changes: watch::Receiver<Vec<Subscription>>,
    open: Option<Open>,
}

struct Open {
    waiter: Waiter,
    wanted: Vec<Subscription>,
}

impl Reader {
    async fn run(mut self, mut ending: Ending) -> Result<(), BoxError> {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(5));
        while !ending.has_begun() {
            match self.round(&mut ending).await {
                Ok(()) => backoff.reset(),
                // Somebody newer leads: no use in trying.
                Err(lost @ Error::LeaseLost { .. }) => return Err(lost.into()),
                Err(error) => {
                    // The lease decides how long it goes on; whoever watches that ends this.
                    tracing::warn!(group = %self.consumer.group, %error, "reading failed, trying again");
                    self.open = None;
                    tokio::select! { () = ending.begins() => {}, () = tokio::time::sleep(backoff.next()) => {} }
                }
            }
        }
        Ok(())
    }

    /// What is unacknowledged, then what is new, until it is time to look again or to end.
    async fn round(&mut self, ending: &mut Ending) -> Result<()> {
        self.open().await?;
        let mut after = vec!["0".to_owned(); self.wanted().len()];
        loop {
            let entries = self.read(&after, None, ending).await?;
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                if let Some(at) = self.wanted().iter().position(|wanted| *wanted.topic == *entry.topic) {
                    after[at].clone_from(&entry.id);
                }
            }
            self.handle_all(entries, ending).await?;
        }
        let until = Moment::now().after(self.consumer.options.retry_after);
        let news = vec![">".to_owned(); after.len()];
        while !until.left().is_zero() && !ending.has_begun() {
            if self.changes.has_changed().unwrap_or_default() {
                self.open = None;
                return Ok(());
            }
            let entries = self.read(&news, Some(until.left()), ending).await?;
            self.handle_all(entries, ending).await?;
        }
        Ok(())
    }

    fn wanted(&self) -> &[Subscription] {
        self.open.as_ref().map_or(&[], |open| &open.wanted)
    }

    /// A connection of its own, as its reads wait, and a group on each topic.
    async fn open(&mut self) -> Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let wanted = self.changes.borrow_and_update().clone();
        let mut waiter = Waiter::open(&self.consumer.client).await?;
        let start = if self.consumer.options.from_start { "0" } else { "$" };
        for subscription in &wanted {
            let mut create = redis::cmd("XGROUP");
            create.arg("CREATE").arg(&*subscription.topic).arg(&*self.consumer.group).arg(start).arg("MKSTREAM");
            match waiter.connection().call::<()>(&create).await {
                Err(Error::Server { code: Code::BusyGroup, .. }) | Ok(()) => {}
                Err(other) => return Err(other),
            }
        }
        self.open = Some(Open { waiter, wanted });
        Ok(())
    }

    /// One read, which waits until the end comes or other topics are wanted.
    async fn read(&mut self, after: &[String], wait: Option<Duration>, ending: &Ending) -> Result<Vec<Entry>> {
        let (mut ending, mut changes) = (ending.clone(), self.changes.clone());
        let end = async {
            tokio::select! { () = ending.begins() => {}, Ok(()) = changes.changed() => {} }
        };
        let Some(open) = self.open.as_mut().filter(|open| !open.wanted.is_empty()) else {
            let idle = wait.unwrap_or_default();
            tokio::select! { () = end => {}, () = tokio::time::sleep(idle) => {} }
            return Ok(Vec::new());
        };
        let options = &self.consumer.options;
        let topics: Vec<&str> = open.wanted.iter().map(|wanted| &*wanted.topic).collect();
        let command = reading::command(&self.consumer.group, &options.consumer, options.batch, wait, &topics, after);
        let patience = wait.unwrap_or_default() + self.consumer.client.response_timeout();
        reading::entries(open.waiter.call(&command, patience, end).await?)
    }

    /// Handles messages in order. What was not begun when the end comes stays unacknowledged, for the next leader.
    async fn handle_all(&mut self, entries: Vec<Entry>, ending: &Ending) -> Result<()> {
        for entry in entries {
            if ending.has_begun() {
                break;
            }
            self.handle(entry).await?;
        }
        Ok(())
    }

    async fn handle(&self, entry: Entry) -> Result<()> {
        let counters = &self.consumer.counters;
        // Those of this moment, not those that were read for: the last word counts at once.
        let found = self.changes.borrow().iter().find(|wanted| *wanted.topic == *entry.topic).cloned();
        let Some(subscription) = found else { return Ok(()) };
        let (topic, id) = (Arc::clone(&subscription.topic), entry.id.clone());
        // An entry that was deleted while somebody had it has no fields any more: nothing is left to handle.
        let fields = entry.fields.unwrap_or_default();
        let message = Message { topic: Arc::clone(&topic), id: entry.id, fields, guard: self.guard.clone() };
        if message.fields.is_empty() || !subscription.tags.want(message.field(&self.consumer.options.tag_field)) {
            self.acknowledge(&topic, &id).await?;
            counters.skipped.fetch_add(1, Relaxed);
            return Ok(());
        }
        let span = tracing::info_span!("leader.handle", topic = %topic, id = %id);
        match caught(subscription.handle(message)).instrument(span).await {
            Ok(()) => {
                self.acknowledge(&topic, &id).await?;
                counters.handled.fetch_add(1, Relaxed);
            }
            Err(error) => {
                counters.failed.fetch_add(1, Relaxed);
                let again = self.consumer.options.retry_after;
                tracing::warn!(%topic, %id, %error, ?again, "the handler failed; the message stays and is handled again");
            }
        }
        Ok(())
    }

    async fn acknowledge(&self, topic: &str, id: &str) -> Result<()> {
        let mut ack = redis::cmd("XACK");
        ack.arg(topic).arg(&*self.consumer.group).arg(id);
        self.guard.call_if_held::<i64>(&ack).await.map(drop)
    }
}

/// A handler's panic is its failure, not the reader's.
async fn caught(handled: impl Future<Output = Result<(), BoxError>>) -> Result<(), BoxError> {
    let mut handled = std::pin::pin!(handled);
    std::future::poll_fn(move |context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| handled.as_mut().poll(context)));
        polled.unwrap_or_else(|_| std::task::Poll::Ready(Err("the handler panicked".into())))
    })
    .await
}
