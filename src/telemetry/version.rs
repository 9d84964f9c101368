//! Which version we say we are. One place, because clients decide by it.

/// The version of Redis whose behaviour clients may rely on: INFO `redis_version` and HELLO `version`.
///
/// Purely numeric, because some clients convert each part. At least 7.0.0, which frameworks insist on, with exact lag
/// (7.0), one-millisecond blocking (7.0.8), server-assisted caching and deadlines of hash fields (7.4, below which redis-py
/// and Jedis refuse to cache). Below 8, because from there on clients expect queries, JSON and other types that were modules
/// before. Newer stream verbs are found by asking COMMAND, not by version.
pub const REDIS_VERSION: &str = "7.4.7";

/// Our own version.
pub const OWN_VERSION: &str = env!("CARGO_PKG_VERSION");
