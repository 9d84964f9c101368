//! The order within one turn of an event loop. Must never know: what is committed.

use std::future::poll_fn;
use std::task::Poll;

/// Whom a session lets go first when it has run calls and before it commits them. Whoever goes first joins the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Nobody: there are no others on its thread.
    Nobody,
    /// All that are ready. What has arrived meanwhile has its turn next: that saves a system call in each short turn.
    Ready,
    /// Also those whose calls have arrived meanwhile.
    Arrived,
}

impl First {
    /// Lets them go.
    pub(super) async fn go(self) {
        match self {
            First::Nobody => {}
            First::Ready => ready().await,
            First::Arrived => tokio::task::yield_now().await,
        }
    }
}

/// Unlike tokio's `yield_now` without a look at the network.
async fn ready() {
    let mut waited = false;
    poll_fn(|context| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
