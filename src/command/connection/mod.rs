//! Verbs about the connection.

pub mod ping;
