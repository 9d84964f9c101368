//! Sockets and their lifetimes. Must never know: what a command means.

mod admission;
mod company;
mod connection;
pub mod door;
#[cfg(feature = "tls")]
mod encrypted;
mod event;
pub mod listener;
mod outbox;
mod settings;
mod wire;
