//! Commands: what a client typed, one file per verb.
//!
//! A verb's file has, in this order: what it promises, its [`spec::Spec`], its typed arguments, `parse` (pure), `run`,
//! tests of parse. Must never know: sockets, encodings, locks. Read next: `spec.rs`, `stream/xadd.rs`, `table.rs`.

pub mod args;
pub mod category;
pub mod dispatch;
pub mod docs;
pub mod error;
pub mod extended;
pub mod gate;
pub mod help;
pub mod indices;
pub mod keys;
pub mod number;
pub mod permission;
pub mod scanning;
pub mod slots;
pub mod spec;
pub mod syntax;
pub mod table;
pub mod touch;
pub mod waiting;

mod acl;
mod bitmap;
mod cluster;
mod connection;
mod hash;
mod keyspace;
mod lease;
mod list;
mod message;
mod policy;
mod pubsub;
mod script;
pub mod sentinel;
mod server;
mod set;
mod sort;
mod stream;
mod string;
mod testing;
mod transaction;
mod zset;

#[cfg(test)]
#[cfg(feature = "memory")]
pub(crate) mod cold_kit;
