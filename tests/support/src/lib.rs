//! What the whole-server tests share. It talks to a server as any stranger would (a process and a socket) and never
//! links the broker, so no test here can be fooled by the code it judges.
//!
//! Reading order: [`value`] (a decoded reply), [`client`] (a blocking connection), [`server`] (a process and its
//! folder), [`pattern`] (an expected reply), [`notation`] and [`write`] (its text form, that of redis-cli).

#![allow(clippy::disallowed_methods)]

pub mod client;
pub mod decode;
pub mod fields;
pub mod loosen;
pub mod merge;
pub mod notation;
pub mod pattern;
mod reference;
pub mod server;
pub mod value;
pub mod words;
pub mod write;

pub use client::Client;
pub use pattern::{Bindings, Pattern};
pub use server::{Server, Target};
pub use value::Value;

/// The protocol a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// What every connection starts with.
    Resp2,
    /// After `HELLO 3`.
    Resp3,
}

impl Protocol {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Resp2, Self::Resp3];

    /// As it stands in test names and labels.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resp2 => "resp2",
            Self::Resp3 => "resp3",
        }
    }
}

/// A command's arguments, as bytes.
pub type Args = Vec<Vec<u8>>;

/// Arguments from text, for tests written in Rust.
#[must_use]
pub fn args(words: &[&str]) -> Args {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}
