//! Sockets and their lifetimes. Must never know: what a command means.

mod admission;
mod bell;
mod company;
mod connection;
pub mod door;
#[cfg(feature = "tls")]
mod encrypted;
pub mod listener;
mod outbox;
mod settings;
mod wire;
