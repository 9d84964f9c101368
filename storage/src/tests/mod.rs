//! The whole storage layer against a simple model, through checkpoints, evictions, late loads and crashes.
//!
//! Read in this order: `model.rs` (what a store should hold), `world.rs` (a store with everything that can happen to
//! it), `actions.rs` and `delivery.rs` (commands), `life.rs` (random lives, shrunk when they fail), `cases.rs` and `late.rs` (bugs that
//! were found, and promises),
//! `bounds.rs` and `upkeep.rs` (what goes on behind commands).

mod actions;
mod bounds;
mod bytes;
mod cases;
mod delivery;
mod elements;
#[cfg(feature = "rocksdb")]
mod folder;
mod late;
mod life;
mod model;
mod upkeep;
mod view;
mod world;

use std::cell::Cell;

thread_local! {
    static HASH_MASK: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// Bits of a name's hash that count in this thread: few bits make names collide.
pub(crate) fn hash_mask() -> u64 {
    HASH_MASK.get()
}
