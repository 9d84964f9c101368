//! Brooklet: a durable message broker that speaks the Redis protocol.
//!
//! As a program it listens on a socket; as a library it runs inside another program or a test:
//!
//! ```
//! use brooklet::Broker;
//!
//! let broker = Broker::in_memory();
//! let session = broker.session();
//! session.call(["XADD", "orders", "*", "item", "tea"])?;
//! assert_eq!(session.call(["XLEN", "orders"])?, brooklet::Reply::Integer(1));
//! # Ok::<(), brooklet::Error>(())
//! ```
//!
//! A test can move the clock:
//!
//! ```
//! use brooklet::Broker;
//! use std::time::Duration;
//!
//! let broker = Broker::builder().manual_clock().build()?;
//! let session = broker.session();
//! session.call(["SET", "lock", "me", "NX", "PX", "30000"])?;
//! broker.advance(Duration::from_secs(30));
//! assert_eq!(session.call(["GET", "lock"])?, brooklet::Reply::Null);
//! # Ok::<(), brooklet::Error>(())
//! ```
//!
//! Read next: `embed/mod.rs` (this interface), `session.rs` (the one door), `broker/engine.rs`, `command/stream/xadd.rs`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout))]

pub mod acl;
pub mod broker;
pub mod cli;
pub mod command;
pub mod config;
mod embed;
pub mod glob;
pub mod policy;
pub mod reply;
pub mod resp;
#[cfg(feature = "scripting")]
pub mod script;
pub mod server;
pub mod session;
pub mod telemetry;
#[cfg(feature = "tls")]
pub mod tls;

pub use brooklet_storage::StreamId;
pub use embed::{
    Broker, Builder, Error, GroupState, Message, Options, PendingState, Session, StreamState, Subscription,
};
pub use reply::Reply;

// The examples in the documents are compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
