//! The order within one turn of an event loop. Must never know: what is committed.

use std::future::poll_fn;
use std::task::Poll;

/// Lets all tasks that are ready go first. Unlike tokio's `yield_now` without a look at what has arrived meanwhile: that
/// would be one more system call in each turn, and what arrives has its turn next.
pub(super) async fn others_first() {
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
