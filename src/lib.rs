//! Brooklet: a durable message broker that speaks the Redis protocol.

pub mod broker;
pub mod cli;
pub mod command;
pub mod config;
pub mod glob;
pub mod reply;
pub mod resp;
pub mod server;
pub mod session;
pub mod telemetry;
