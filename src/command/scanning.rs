//! What SCAN, HSCAN, SSCAN and ZSCAN share: cursor, MATCH, COUNT; and choosing elements at random.

use super::args::Args;
use super::error::{self, Refusal};
use super::number;
use crate::broker::Ctx;
use crate::glob::{self, Case};
use crate::reply::Reply;
use brooklet_storage::id;
use std::collections::HashSet;

/// Elements looked at unless COUNT says otherwise.
const COUNT: usize = 10;

/// Elements that may be answered several times are no more than this: the answer is made in memory.
const MOST_REPEATED: i64 = 1 << 24;

/// What is walked over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// A database, for which TYPE is known.
    Keys,
    /// A hash, for which NOVALUES is known.
    Fields,
    /// Anything else.
    Members,
}

/// A walk.
#[derive(Debug, PartialEq)]
pub struct Scan<'a> {
    /// Where it goes on.
    pub cursor: u64,
    /// Elements to look at.
    pub count: usize,
    /// NOVALUES: names only.
    pub names_only: bool,
    /// TYPE: keys that hold this.
    pub type_name: Option<&'a [u8]>,
    pattern: Option<&'a [u8]>,
}

/// Unsigned. A sign, spaces before and leading zeros are allowed; what is negative goes round, if it is not written as
/// any other negative integer is.
pub fn cursor(text: &[u8]) -> Result<u64, Refusal> {
    let refused = number::integer(text).is_some_and(|n| n < 0);
    let text = text.trim_ascii_start();
    let cursor = match text.strip_prefix(b"-") {
        _ if refused => None,
        Some(digits) => id::parse_u64(digits).map(u64::wrapping_neg),
        None => id::parse_u64(text.strip_prefix(b"+").unwrap_or(text)),
    };
    cursor.ok_or(error::INVALID_CURSOR)
}

impl<'a> Scan<'a> {
    /// Reads the options behind the cursor, which `args` are.
    pub fn parse(cursor: u64, args: Args<'a>, over: Over) -> Result<Scan<'a>, Refusal> {
        let mut scan = Scan { cursor, count: COUNT, names_only: false, type_name: None, pattern: None };
        let mut i = 0;
        while let Some(word) = args.get(i) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            match args.get(i + 1) {
                _ if is("NOVALUES") && over != Over::Fields => return Err(error::NOVALUES),
                _ if is("NOVALUES") => {
                    scan.names_only = true;
                    i += 1;
                    continue;
                }
                Some(text) if is("COUNT") => {
                    let count = number::arg(text)?;
                    scan.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(error::SYNTAX)?;
                }
                Some(text) if is("MATCH") => scan.pattern = Some(text).filter(|p| *p != b"*"),
                Some(text) if is("TYPE") && over == Over::Keys => scan.type_name = Some(text),
                _ => return Err(error::SYNTAX),
            }
            i += 2;
        }
        if scan.pattern.is_some_and(|p| p.len() > glob::MAX_PATTERN) {
            return Err(error::keyspace::PATTERN_TOO_LONG);
        }
        Ok(scan)
    }

    /// Whether an element of this name is asked for.
    pub fn wants(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|p| glob::matches(p, name, Case::Exact))
    }
}

/// The answer: where to go on, and what was found.
pub fn reply(next: u64, found: Vec<Reply>) -> Reply {
    Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(found)])
}

/// The count of HRANDFIELD, SRANDMEMBER and ZRANDMEMBER: negative = elements may come several times.
pub fn random_count(text: &[u8]) -> Result<i64, Refusal> {
    match number::arg(text)? {
        i64::MIN => Err(error::COUNT_RANGE),
        count => Ok(count),
    }
}

/// Refuses to repeat elements more often than an answer may hold.
pub fn check_repeated(count: i64) -> Result<(), Refusal> {
    if count < -MOST_REPEATED { Err(error::OUT_OF_RANGE) } else { Ok(()) }
}

/// Indices chosen at random among `len`: `count` different ones, or as many as there are; a negative count may repeat them.
pub fn random_indices(ctx: &mut Ctx<'_>, len: usize, count: i64) -> Vec<usize> {
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if len == 0 {
        return Vec::new();
    }
    let mut draw = |n: usize| (ctx.store().draw() % n as u64) as usize;
    if count < 0 {
        return (0..wanted).map(|_| draw(len)).collect();
    }
    if wanted >= len {
        return (0..len).collect();
    }
    if wanted > len / 3 {
        // A shuffle of which only the front is needed.
        let mut all: Vec<usize> = (0..len).collect();
        (0..wanted).for_each(|i| all.swap(i, i + draw(len - i)));
        all.truncate(wanted);
        return all;
    }
    let mut seen = HashSet::with_capacity(wanted);
    let mut chosen = Vec::with_capacity(wanted);
    while chosen.len() < wanted {
        let index = draw(len);
        if seen.insert(index) {
            chosen.push(index);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors() {
        for (text, expected) in [
            ("0", Some(0)),
            ("007", Some(7)),
            (" +7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-0", Some(0)),
            ("-1", None),
            ("-01", Some(u64::MAX)),
            ("-9223372036854775808", None),
            ("-9223372036854775809", Some(i64::MAX as u64)),
            ("-18446744073709551616", None),
            ("+-1", None),
            ("7 ", None),
            ("", None),
            ("+", None),
            ("-", None),
            ("0x1", None),
        ] {
            assert_eq!(cursor(text.as_bytes()).ok(), expected, "{text:?}");
        }
    }
}
