//! What HSCAN, SSCAN and ZSCAN share: cursor, MATCH, COUNT; and choosing elements at random.

use super::args::Args;
use super::error::{self, Refusal};
use super::number;
use crate::broker::Ctx;
use crate::glob::{self, Case};
use crate::reply::Reply;
use std::collections::HashSet;

/// Elements looked at unless COUNT says otherwise.
const COUNT: usize = 10;

/// Elements that may be answered several times are no more than this: the answer is made in memory.
const MOST_REPEATED: i64 = 1 << 24;

/// A walk over the elements of a value.
#[derive(Debug, PartialEq)]
pub struct Scan<'a> {
    /// Where it goes on.
    pub cursor: u64,
    /// Elements to look at.
    pub count: usize,
    /// NOVALUES: names only.
    pub names_only: bool,
    pattern: Option<&'a [u8]>,
}

/// Unsigned, with a plus, spaces before and leading zeros allowed.
pub fn cursor(text: &[u8]) -> Result<u64, Refusal> {
    let text = text.trim_ascii_start();
    brooklet_storage::id::parse_u64(text.strip_prefix(b"+").unwrap_or(text)).ok_or(error::INVALID_CURSOR)
}

impl<'a> Scan<'a> {
    /// Reads the options behind the cursor.
    pub fn parse(cursor: u64, args: Args<'a>, with_values: bool) -> Result<Scan<'a>, Refusal> {
        let mut scan = Scan { cursor, count: COUNT, names_only: false, pattern: None };
        let mut i = 3;
        while let Some(word) = args.get(i) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            let operand = args.get(i + 1);
            match operand {
                _ if !with_values && is("NOVALUES") => return Err(error::NOVALUES),
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
        count if count < -MOST_REPEATED => Err(error::OUT_OF_RANGE),
        count => Ok(count),
    }
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
