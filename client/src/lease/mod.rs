//! One lease: getting it, keeping it, giving it back, in the words of the server at the other end.
//!
//! [`link`] speaks, [`guard`] is what the holder's work looks at, [`hold`] renews in the background, [`stats`] counts. None of
//! them knows what the lease is for: that is `leader/` and `lock.rs`.

mod dialect;
mod guard;
mod hold;
mod link;
mod stats;

pub(crate) use dialect::millis;
pub use guard::{LeaderGuard, LossReason, Token};
pub(crate) use hold::{Hold, Timing};
pub(crate) use link::{Attempt, Grant, LeaseLink, Terms};
pub(crate) use stats::Counters;
pub use stats::LeaseStats;

use crate::clock::Moment;
use std::time::Duration;
use tokio::sync::watch;

/// Somebody wants it to end, by then.
pub(crate) type Stop = watch::Receiver<Option<Moment>>;

/// Waits until somebody wants the end; the moment by which it has to be over. Whoever could say so being gone counts, too.
pub(crate) async fn stopped(stop: &mut Stop) -> Moment {
    let by = stop.wait_for(Option::is_some).await.ok().and_then(|by| *by);
    by.unwrap_or_else(|| Moment::now().after(Duration::from_secs(1)))
}

/// Waits, unless the end comes first: then true.
pub(crate) async fn pause(wait: Duration, stop: &mut Stop) -> bool {
    tokio::select! {
        biased;
        _ = stopped(stop) => true,
        () = tokio::time::sleep(wait) => false,
    }
}
