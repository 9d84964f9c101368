//! The machine that scripts run on: Lua 5.1 without its teeth, in slices, with calls done through a [`Host`].
//!
//! Must never know: the engine, verbs, sockets. What a script may touch is decided in `prelude.lua`; what it may use in
//! memory and time in `vm.rs` and `slice.rs`. Read next: `vm.rs` (the machine), `run.rs` (one run), `stack.rs` (how calls get out of it and
//! answers into it), `prelude.lua`.

mod convert;
#[cfg(test)]
mod corrected_tests;
mod desk;
mod error;
mod escapes;
mod json;
mod library;
mod msgpack;
mod number;
mod pack;
mod push;
mod random;
mod run;
mod slice;
mod stack;
#[cfg(test)]
mod stack_tests;
mod steps;
mod tail;
#[cfg(test)]
mod tests;
mod vm;
mod words;

pub use error::Problem;
pub use run::{Run, Step};
pub use vm::{Code, Declared, Registered, Vm, declared, sha1_hex};

use crate::command::args::Args;
use crate::reply::Reply;

/// What a call of a script came to.
#[derive(Debug)]
pub enum Called {
    /// It is answered.
    Reply(Reply),
    /// It needs something that has to be loaded first, and will be called again.
    Missing,
}

/// Who does what a script asks for.
pub trait Host {
    /// Runs a call.
    fn call(&mut self, call: Args<'_>) -> Called;
    /// Whether the caller may run a call; none if there is no such call.
    fn may_call(&mut self, call: Args<'_>) -> Option<bool>;
    /// Takes a line for the log; `level` goes from 0 (debug) to 3 (warning).
    fn log(&mut self, level: u8, line: &[u8]);
}
