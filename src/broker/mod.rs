//! The broker: order, time, waiting, commit.
//!
//! Owns the one engine lock and the threads around it. Must never know: any verb's file, sockets, RESP frames.
//! Read next: `engine.rs` (what happens), `commit.rs` (when it counts), `wait.rs`, `work.rs`, `timer.rs`, `settle.rs`, `shared.rs`.

pub mod access;
mod account;
pub mod backup;
pub mod budget;
pub mod client;
pub mod clock;
pub mod cluster;
pub mod commit;
pub mod context;
pub mod engine;
pub mod errand;
#[cfg(feature = "scripting")]
pub mod functions;
pub mod histogram;
pub mod latency;
pub mod leases;
pub mod mailbox;
pub mod monitor;
pub mod notify;
mod parking;
pub mod pressure;
pub mod pubsub;
mod queues;
#[cfg(feature = "scripting")]
pub mod scripts;
pub mod settle;
pub mod shared;
pub mod stats;
pub mod strangers;
pub mod tasks;
pub mod threads;
pub(crate) mod timer;
pub mod tracking;
pub mod transaction;
mod typed;
pub mod wait;
pub mod watch;
pub mod work;

pub use engine::{Ctx, Engine, Executed, Terms};
