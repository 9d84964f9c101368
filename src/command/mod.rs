//! Commands: what a client typed, one file per verb.

pub mod args;
