//! Whether a connection is alone on its event loop. Must never know: what connections do.

use std::cell::Cell;

thread_local! {
    static ON_LOOP: Cell<usize> = const { Cell::new(0) };
}

/// Counts the connections of an event loop.
pub(super) struct OnLoop;

impl OnLoop {
    /// One more.
    pub(super) fn enter() -> OnLoop {
        ON_LOOP.set(ON_LOOP.get() + 1);
        OnLoop
    }

    /// Whether the connection that asks has company.
    pub(super) fn others() -> bool {
        ON_LOOP.get() > 1
    }
}

impl Drop for OnLoop {
    fn drop(&mut self) {
        ON_LOOP.set(ON_LOOP.get() - 1);
    }
}
