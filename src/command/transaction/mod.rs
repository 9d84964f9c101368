//! Transactions: calls that are queued and then run as one, if no watched key was touched.
//!
//! `queue.rs` is what dispatch asks about each call of a client in MULTI; `exec.rs` runs the queue; `warm.rs` sees to it
//! that nothing which is only on disk is missed in the middle.

pub mod discard;
pub mod exec;
pub mod multi;
pub mod queue;
pub mod unwatch;
mod warm;
pub mod watch;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&multi::SPEC, &exec::SPEC, &discard::SPEC, &watch::SPEC, &unwatch::SPEC];

#[cfg(test)]
#[cfg(feature = "memory")]
mod cold_tests;
#[cfg(test)]
#[cfg(feature = "memory")]
mod tests;
