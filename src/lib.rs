//! Brooklet: a durable message broker that speaks the Redis protocol.

pub mod cli;
pub mod command;
pub mod config;
pub mod glob;
pub mod reply;
pub mod resp;
