//! Which version we say we are. One place, because clients decide by it.

/// The version of Redis whose behaviour clients may rely on: INFO `redis_version` and HELLO `version`.
///
/// Purely numeric, because some clients convert each part. At least 7.0.0, which frameworks insist on, with exact lag
/// (7.0) and one-millisecond blocking (7.0.8). Below 7.4, because from there on clients expect server-assisted caching
/// (CLIENT TRACKING) and deadlines of hash fields. Newer stream verbs are found by asking COMMAND, not by version.
pub const REDIS_VERSION: &str = "7.2.7";

/// Our own version.
pub const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");
