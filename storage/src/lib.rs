//! Typed, durable objects over a journal and an ordered key-value backend.
//!
//! Owns: what a stream, a group, a string, a hash *is*, how a change is written down ([`batch`]), how it becomes durable
//! ([`journal`]) and where it settles ([`backend`]). Must never know: the Redis protocol, sockets, tokio, a clock.
//! Read next: `batch.rs` (the language of change), `store.rs` (the state it changes), `checkpoint.rs` (how it settles).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout))]

pub mod backend;
pub mod backup;
pub mod batch;
pub mod change;
pub mod check;
pub mod checkpoint;
pub mod codec;
mod disk;
pub mod error;
mod evict;
pub mod failpoint;
pub mod folder;
pub mod id;
pub mod journal;
pub mod keys;
pub mod keyspace;
pub mod load;
pub mod names;
pub mod open;
pub mod progress;
#[doc(hidden)]
pub mod records;
pub mod store;
pub mod stream;
#[cfg(all(test, feature = "memory"))]
mod tests;
pub mod value;
pub mod varint;
pub mod watermark;

pub use error::StorageError;
pub use id::StreamId;
pub use stream::chunk::Entry;
pub use stream::fields::Fields;
