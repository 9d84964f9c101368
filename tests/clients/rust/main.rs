//! Rust's clients, each scenario in both protocols against a durable broker of its own. One module for each library.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

/// For each scenario a test in `resp2` and one in `resp3`, which call `run` with the protocol's number.
macro_rules! in_both_protocols {
    ($run:path: $($scenario:ident),* $(,)?) => {
        mod resp2 { $(#[test] fn $scenario() { $run(2, super::$scenario) })* }
        mod resp3 { $(#[test] fn $scenario() { $run(3, super::$scenario) })* }
    };
}

mod fred_rs;
mod redis_rs;
mod redis_rs_async;
