//! Typed, durable objects over a journal and an ordered key-value backend.
//!
//! Owns: what a stream, a group, a string *is*, how a change is written down ([`batch`]), how it becomes durable
//! ([`journal`]) and where it settles ([`backend`]). Must never know: the Redis protocol, sockets, tokio, a clock.
//! Read next: `batch.rs` (the language of change), `store.rs` (the state it changes), `checkpoint.rs` (how it settles).

pub mod backend;
mod disk;
pub mod error;
pub mod folder;
pub mod id;
pub mod journal;
pub mod stream;
pub mod varint;
pub mod watermark;

pub use error::StorageError;
pub use folder::DataFolder;
pub use id::StreamId;
pub use stream::fields::Fields;
pub use watermark::Watermark;
