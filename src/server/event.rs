//! What happens to a connection from outside: bytes arrive, bytes can be sent, its bell rings. Must never know: what is done
//! about it, why the bell rings.

use super::wire::Wire;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// The next thing that happens.
pub enum Event {
    /// There may be something to read.
    Readable,
    /// Something can be written.
    Writable,
    /// The session has to look.
    Bell,
}

/// The next event; of reading and writing only what is asked for. Cancel-safe.
pub async fn next(wire: &Wire, bell: &mut Bell, reads: bool, writes: bool) -> Event {
    // By hand, because this is the hot path: a `select!` would enter and leave three lists of waiters each time.
    poll_fn(|context| {
        if reads && wire.poll_readable(context).is_ready() {
            return Poll::Ready(Event::Readable);
        }
        if writes && wire.poll_writable(context).is_ready() {
            return Poll::Ready(Event::Writable);
        }
        bell.poll(context).map(|()| Event::Bell)
    })
    .await
}

/// A session's bell that is listened for all the time: what waits for it stays in place between two looks, because a
/// connection looks at each request, and the bell hardly ever rings.
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
