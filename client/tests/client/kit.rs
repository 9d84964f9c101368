//! What the tests share: quick times, a log of what happened, and waiting for a condition instead of for a time.

use crate::stage::Stage;
use brooklet_client::leader::{BoxError, LeaderBuilder, LeaderConfig, LeaderConsumer, Message};
use brooklet_client::{Client, redis};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const MS: Duration = Duration::from_millis(1);
/// Longer than anything here takes.
pub const LONG: Duration = Duration::from_secs(20);

/// A lease of two seconds, renewed every 150 ms; the work stops after 1.2 s without a renewal. Long enough for a machine that has
/// other things to do.
pub fn quick() -> LeaderConfig {
    LeaderConfig {
        lock_expiry: 2000 * MS,
        refresh_interval: 150 * MS,
        renew_deadline: Some(1200 * MS),
        retry_delay: 20 * MS,
        lock_timeout: 300 * MS,
        drain_timeout: 2000 * MS,
        ..LeaderConfig::default()
    }
}

/// One that renews so seldom that it never does within a test.
pub fn lazy(expiry: Duration) -> LeaderConfig {
    LeaderConfig { lock_expiry: expiry, refresh_interval: expiry / 2, renew_deadline: Some(expiry * 9 / 10), ..quick() }
}

pub fn builder(client: Client, config: LeaderConfig) -> LeaderBuilder {
    LeaderConsumer::builder(client, "g").config(config)
}

/// An instance that runs.
pub fn started(client: Client, config: LeaderConfig) -> LeaderConsumer {
    let leader = builder(client, config).build().unwrap();
    leader.start().unwrap();
    leader
}

/// What happened, in order.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn add(&self, line: impl Into<String>) {
        self.0.lock().unwrap().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub async fn reaches(&self, count: usize) -> Vec<String> {
        until(&format!("{count} lines in the log"), async || self.len() >= count).await;
        self.lines()
    }

    /// A handler that writes down the text of a field.
    pub fn noting(&self) -> impl Fn(Message) -> std::future::Ready<Result<(), BoxError>> + Send + Sync + 'static {
        let log = self.clone();
        move |message| {
            log.add(message.text("n").unwrap_or("none"));
            std::future::ready(Ok(()))
        }
    }
}

/// Waits until something is so. Fails after [`LONG`].
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LONG, "it never came to this: {what}");
        tokio::time::sleep(MS).await;
    }
}

/// The value of a future that must come.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    let wrong = |_| panic!("it never came to this: {what}");
    tokio::time::timeout(LONG, future).await.unwrap_or_else(wrong)
}

pub fn within<T: PartialOrd + Debug>(value: T, least: T, most: T) {
    assert!(value >= least && value <= most, "{value:?} is not between {least:?} and {most:?}");
}

/// Adds a message with a number to a topic.
pub async fn publish(stage: &Stage, topic: &str, n: usize) -> String {
    publish_tagged(stage, topic, n, "x").await
}

pub async fn publish_tagged(stage: &Stage, topic: &str, n: usize, tag: &str) -> String {
    let mut add = redis::cmd("XADD");
    add.arg(topic).arg("*").arg("n").arg(n).arg("tag").arg(tag);
    stage.client().call(&add).await.unwrap()
}

/// A process that is gone from one moment to the next: a runtime whose tasks are dropped where they stand.
fn crashing(stage: &Stage, config: LeaderConfig) -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = stage.client();
    runtime.block_on(async move {
        let leader = started(client, config);
        soon("elected", leader.elected()).await;
        std::mem::forget(leader);
    });
    runtime
}

/// In a thread of its own, as a runtime cannot be dropped within another.
pub async fn crash(stage: Stage, config: LeaderConfig) -> (Stage, Instant) {
    let (say, hear) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = crashing(&stage, config);
        let begun = Instant::now();
        drop(runtime);
        let _ = say.send((stage, begun));
    });
    hear.await.unwrap()
}
