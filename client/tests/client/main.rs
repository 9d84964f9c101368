//! The SDK as its users see it, against servers that it starts itself: Brooklet over TCP, redis-server, and a broker in
//! process. Each criterion of leader election is a test of that name.
//!
//! `stage.rs` has the servers, `proxy.rs` a network that hangs, `kit.rs` what the tests share.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod base;
mod consuming;
mod keeping;
mod kit;
mod locks;
mod paused;
mod proxy;
mod seen;
mod setup;
mod stage;
mod tls;
mod tokens;
mod topologies;
