//! Listening for a session's bell all the time: what waits for it stays in place between two looks, because a connection
//! looks at each request, and the bell hardly ever rings. Must never know: why it rings.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// A bell that is listened for.
pub struct Bell {
    notify: Arc<Notify>,
    rings: Pin<Box<OwnedNotified>>,
}

impl Bell {
    /// Listens for `notify`.
    pub fn of(notify: Arc<Notify>) -> Bell {
        let rings = Box::pin(Arc::clone(&notify).notified_owned());
        Bell { notify, rings }
    }

    /// Ready once for each time that it rang; rings that nobody heard count as one.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let rung = self.rings.as_mut().poll(context);
        if rung.is_ready() {
            self.rings.set(Arc::clone(&self.notify).notified_owned());
        }
        rung
    }
}
