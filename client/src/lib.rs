//! Leader election, locks and typed commands over [Brooklet](https://github.com/brooklet/brooklet), or over redis-server for
//! everything that it can do.
//!
//! | | |
//! |---|---|
//! | [`Client`] | a server by its URL, or a broker in this process; connects again by itself |
//! | [`Connection`] | one connection for oneself: all of redis-rs works over it |
//! | [`leader::LeaderConsumer`] | of many instances one consumes |
//! | [`run_with_lock`] | one piece of work, under a lock |
//! | [`Error`] | what went wrong, as types: retryable or not, done or not |
//!
//! Features: `tls` (`rediss://`), `embedded` (a broker in this process). Without them nothing in C is compiled.
//!
//! What a lease promises, and what it cannot, is in the chapter on leader election of `docs/sdk.md`. In one sentence: a lease alone cannot
//! stop an instance that was paused from writing late; its fencing token, which Brooklet checks ([`LeaderGuard::call`]),
//! can.
//!
//! Reading order: `client.rs`, `connection.rs`, `lease/link.rs`, `lease/hold.rs`, `leader/election.rs`.

#![deny(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod backoff;
mod client;
mod clock;
mod connection;
#[cfg(feature = "embedded")]
mod embedded;
mod error;
mod identity;
pub mod leader;
mod lease;
mod lock;
mod server;
mod waiter;

pub use client::{Client, ClientBuilder};
pub use connection::Connection;
pub use error::{Code, ConfigError, Error, Outcome, Result};
pub use leader::LeaderGuard;
pub use lock::{LockOptions, run_with_lock, run_with_message_lock};
pub use redis;
pub use server::ServerKind;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../../docs/sdk.md")]
struct Sdk;
