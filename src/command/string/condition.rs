//! Conditions under which SET and its relatives act: NX, XX, and comparisons with the old value or its digest.
//!
//! One kind may be given twice, the last one counts; two kinds are a syntax error.

use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use xxhash_rust::xxh3::xxh3_64;

/// When to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// The key does not exist.
    Absent,
    /// The key exists.
    Present,
    /// The value equals.
    Equal(&'a [u8]),
    /// The value differs, or there is none.
    Differs(&'a [u8]),
    /// The value's digest equals.
    DigestEqual(&'a [u8]),
    /// The value's digest differs, or there is no value.
    DigestDiffers(&'a [u8]),
}

impl<'a> Condition<'a> {
    /// Reads a condition at the front of `args`: it, and how many arguments it took.
    pub fn parse(args: Args<'a>) -> Option<(Condition<'a>, usize)> {
        let word = args.at(0);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("NX") {
            return Some((Condition::Absent, 1));
        }
        if is("XX") {
            return Some((Condition::Present, 1));
        }
        Condition::parse_comparison(args).map(|condition| (condition, 2))
    }

    /// Reads a comparison (two arguments) at the front of `args`.
    pub fn parse_comparison(args: Args<'a>) -> Option<Condition<'a>> {
        let (word, operand) = (args.at(0), args.get(1)?);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("IFEQ") => Some(Condition::Equal(operand)),
            () if is("IFNE") => Some(Condition::Differs(operand)),
            () if is("IFDEQ") => Some(Condition::DigestEqual(operand)),
            () if is("IFDNE") => Some(Condition::DigestDiffers(operand)),
            () => None,
        }
    }

    /// Notes the condition in `place`, which may hold one of the same kind already.
    pub fn put(self, place: &mut Option<Condition<'a>>) -> Result<(), Refusal> {
        match place.replace(self) {
            Some(other) if std::mem::discriminant(&self) != std::mem::discriminant(&other) => Err(error::SYNTAX),
            _ => Ok(()),
        }
    }

    /// Refuses what cannot be a digest. Only its length is looked at.
    pub fn check_digest(self) -> Result<(), Refusal> {
        match self {
            Condition::DigestEqual(d) | Condition::DigestDiffers(d) if d.len() != 16 => {
                Err(error::string::DIGEST_LENGTH)
            }
            _ => Ok(()),
        }
    }

    /// Whether it looks at the value, so that the key must hold a string.
    pub fn reads_value(self) -> bool {
        !matches!(self, Condition::Absent | Condition::Present)
    }

    /// Whether it holds for a key that exists or not, with this string value.
    pub fn holds(self, exists: bool, value: Option<&[u8]>) -> bool {
        match self {
            Condition::Absent => !exists,
            Condition::Present => exists,
            Condition::Equal(wanted) => value == Some(wanted),
            Condition::Differs(wanted) => value != Some(wanted),
            Condition::DigestEqual(wanted) => value.is_some_and(|v| has_digest(v, wanted)),
            Condition::DigestDiffers(wanted) => value.is_none_or(|v| !has_digest(v, wanted)),
        }
    }
}

fn has_digest(value: &[u8], wanted: &[u8]) -> bool {
    digest(value).as_bytes().eq_ignore_ascii_case(wanted)
}

/// The digest of a value: XXH3-64 as 16 hex digits.
pub fn digest(value: &[u8]) -> String {
    format!("{:016x}", xxh3_64(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_documented_one() {
        assert_eq!(digest(b"Hello world"), "b6acb9d84a38ff74");
    }

    #[test]
    fn absent_values_differ_from_everything() {
        assert!(Condition::Differs(b"x").holds(false, None));
        assert!(Condition::DigestDiffers(b"x").holds(false, None));
        assert!(!Condition::Equal(b"x").holds(false, None));
        assert!(!Condition::DigestEqual(b"x").holds(false, None));
    }
}
