//! What runs while one leads: the interface between the election and whatever consumes.

use super::message::{BoxError, BoxFuture, Subscriptions};
use crate::clock::Moment;
use crate::lease::{LeaderGuard, Stop, stopped};
use std::future::Future;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Something that consumes for as long as one leads. It is started at each win and ended at each loss; nothing of it is left in
/// between.
pub trait Consumer: Send + Sync + 'static {
    /// Starts consuming under a lease. An error gives the lease back, and the election tries again later.
    fn start(&self, guard: LeaderGuard, subscriptions: Subscriptions) -> BoxFuture<'_, Result<Running, BoxError>>;
}

/// Tells the work that it is time to finish what it has in hand.
#[derive(Clone, Debug)]
pub struct Ending {
    stop: Stop,
}

impl Ending {
    /// Waits until it is time.
    pub async fn begins(&mut self) {
        stopped(&mut self.stop).await;
    }

    /// Whether it is time.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.stop.borrow().is_some()
    }
}

/// Work that runs. Dropping it ends it where it stands, at its next `await`.
#[derive(Debug)]
pub struct Running {
    stop: watch::Sender<Option<Moment>>,
    task: JoinHandle<Result<(), BoxError>>,
}

/// How work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By itself, when it was asked to.
    InTime,
    /// It took too long and was dropped where it stood.
    CutShort,
}

impl Running {
    /// Runs work in a task of its own. It has to return soon after the ending begins.
    pub fn spawn<F, Fut>(work: F) -> Self
    where
        F: FnOnce(Ending) -> Fut,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        let (stop, stopping) = watch::channel(None);
        let task = tokio::spawn(work(Ending { stop: stopping }));
        Self { stop, task }
    }

    /// Waits until it ended by itself, and why.
    pub(crate) async fn ended(&mut self) -> Result<(), BoxError> {
        match (&mut self.task).await {
            Ok(ended) => ended,
            Err(panicked) => Err(panicked.into()),
        }
    }

    /// Asks it to end, gives it so long, then drops it.
    pub(crate) async fn end(mut self, within: Duration) -> Ended {
        self.stop.send_replace(Some(Moment::now().after(within)));
        match tokio::time::timeout(within, &mut self.task).await {
            Ok(_) => Ended::InTime,
            Err(_) => {
                self.task.abort();
                // So that nothing of it runs any more. A task that never awaits cannot be ended by anybody.
                let _ = tokio::time::timeout(Duration::from_millis(100), &mut self.task).await;
                Ended::CutShort
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}
