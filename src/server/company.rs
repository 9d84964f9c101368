//! The connections of an event loop and the order among them. Must never know: what connections do.

use crate::broker::commit::First;
use std::cell::Cell;

/// Calls that run on a loop before it looks again at what has arrived meanwhile.
const UNSEEN_CALLS: usize = 128;

thread_local! {
    static ON_LOOP: Cell<usize> = const { Cell::new(0) };
    static UNSEEN: Cell<usize> = const { Cell::new(0) };
}

/// Counts the connections of an event loop.
pub(super) struct OnLoop;

impl OnLoop {
    /// One more.
    pub(super) fn enter() -> OnLoop {
        ON_LOOP.set(ON_LOOP.get() + 1);
        OnLoop
    }

    /// Whom the connection lets go first that has run `calls`. `finished`: it has no more to run now.
    ///
    /// A connection that always finds more in its socket would otherwise have dozens of turns before anybody else is
    /// heard.
    pub(super) fn first(calls: usize, finished: bool) -> First {
        let unseen = UNSEEN.get() + calls;
        if unseen > UNSEEN_CALLS || !finished {
            UNSEEN.set(0);
            return First::Arrived;
        }
        UNSEEN.set(unseen);
        if ON_LOOP.get() > 1 { First::Ready } else { First::Nobody }
    }
}

impl Drop for OnLoop {
    fn drop(&mut self) {
        ON_LOOP.set(ON_LOOP.get() - 1);
    }
}
