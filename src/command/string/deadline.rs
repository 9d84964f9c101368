//! Deadlines in arguments: EX, PX, EXAT, PXAT, KEEPTTL, PERSIST.

use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;

/// A deadline as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline<'a> {
    /// Seconds from now.
    Ex(&'a [u8]),
    /// Milliseconds from now.
    Px(&'a [u8]),
    /// Unix time in seconds.
    ExAt(&'a [u8]),
    /// Unix time in milliseconds.
    PxAt(&'a [u8]),
    /// The one it has.
    Keep,
}

impl<'a> Deadline<'a> {
    /// Reads a deadline at the front of `args`: it, and how many arguments it took.
    pub fn parse(args: Args<'a>) -> Option<(Deadline<'a>, usize)> {
        let word = args.at(0);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("KEEPTTL") {
            return Some((Deadline::Keep, 1));
        }
        let operand = args.get(1)?;
        let deadline = match () {
            () if is("EX") => Deadline::Ex(operand),
            () if is("PX") => Deadline::Px(operand),
            () if is("EXAT") => Deadline::ExAt(operand),
            () if is("PXAT") => Deadline::PxAt(operand),
            () => return None,
        };
        Some((deadline, 2))
    }

    /// The Unix time in milliseconds: `Some(Some(t))`; `Some(None)`... is never answered; `None` keeps the old one.
    /// Zero, negative and overflowing times are refused in the name of `command`.
    pub fn resolve(self, now_ms: i64, command: &str) -> Result<Option<Option<u64>>, Refusal> {
        let (text, unit_ms, base_ms) = match self {
            Deadline::Keep => return Ok(None),
            Deadline::Ex(text) => (text, 1000, now_ms),
            Deadline::Px(text) => (text, 1, now_ms),
            Deadline::ExAt(text) => (text, 1000, 0),
            Deadline::PxAt(text) => (text, 1, 0),
        };
        let invalid = || error::invalid_expire(command);
        let n = number::arg(text)?;
        if n <= 0 {
            return Err(invalid());
        }
        let at_ms = n.checked_mul(unit_ms).and_then(|ms| ms.checked_add(base_ms)).ok_or_else(invalid)?;
        Ok(Some(Some(at_ms as u64)))
    }
}
