//! What verbs that wait for elements share: timeouts in seconds, the keys of a call, and parking.

use super::args::Args;
use super::error::{self, Refusal};
use super::extended::Extended;
use super::number;
use crate::broker::wait::Park;
use crate::reply::Reply;

/// A timeout in seconds with a fraction, as milliseconds, rounded up; 0 = for ever.
pub fn timeout(text: &[u8], now_ms: i64) -> Result<u64, Refusal> {
    let seconds = Extended::parse(text).ok_or(error::TIMEOUT_NOT_FLOAT)?;
    let mut ms = (seconds.to_f64() * 1000.0).ceil();
    if seconds != Extended::ZERO && !text.starts_with(b"-") {
        // It is not zero, however small.
        ms = ms.max(1.0);
    }
    if ms >= i64::MAX as f64 {
        return Err(error::TIMEOUT_OUT_OF_RANGE);
    }
    if ms < 0.0 {
        return Err(error::TIMEOUT_NEGATIVE);
    }
    now_ms.checked_add(ms as i64).map(|_| ms as u64).ok_or(error::TIMEOUT_OUT_OF_RANGE)
}

/// Waits until one of the keys changes; `at_once` is the answer where nothing waits.
pub fn park<'a>(keys: impl Iterator<Item = &'a [u8]>, timeout_ms: u64, at_once: Reply) -> Refusal {
    let keys = keys.map(Box::from).collect();
    let empty = Reply::NullArray;
    let (look_again_ms, queue, rewritten) = (None, None, None);
    Refusal::Park(Box::new(Park { keys, timeout_ms, look_again_ms, queue, rewritten, empty, at_once }))
}

/// `numkeys key [key ...] word [COUNT count]`: several keys, from the first of which something is taken.
#[derive(Clone, Copy, Debug)]
pub struct Multi<'a> {
    /// The keys.
    pub keys: Args<'a>,
    /// Whether the second of the two words was given.
    pub second: bool,
    /// How many to take.
    pub count: usize,
}

impl<'a> Multi<'a> {
    /// Reads it at the front of `args`; `words` are the two ends to take from.
    pub fn parse(args: Args<'a>, words: [&str; 2]) -> Result<Multi<'a>, Refusal> {
        let count = number::integer(args.at(0)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
        let numkeys = count.ok_or(error::NUMKEYS_POSITIVE)?;
        if numkeys > args.len().saturating_sub(2) {
            return Err(error::SYNTAX);
        }
        let (keys, rest) = (args.from(1).up_to(numkeys), args.from(1 + numkeys));
        let is = |word: &str| rest.at(0).eq_ignore_ascii_case(word.as_bytes());
        if !is(words[0]) && !is(words[1]) {
            return Err(error::SYNTAX);
        }
        let count = match rest.len() {
            1 => 1,
            _ if !rest.at(1).eq_ignore_ascii_case(b"COUNT") || rest.len() == 2 => return Err(error::SYNTAX),
            len => {
                let count = number::integer(rest.at(2)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
                let count = count.ok_or(error::COUNT_POSITIVE)?;
                if len > 3 {
                    return Err(error::SYNTAX);
                }
                count
            }
        };
        Ok(Multi { keys, second: is(words[1]), count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_rounded_up() {
        let timeout = |text: &str| timeout(text.as_bytes(), 0).ok();
        for (text, expected) in [
            ("0", Some(0)),
            ("0.0015", Some(2)),
            ("1e-320", Some(1)),
            ("1e-400", Some(1)),
            ("-0.0009", Some(0)),
            ("-1e-400", Some(0)),
            ("-0.0011", None),
            ("inf", None),
            ("-inf", None),
        ] {
            assert_eq!(timeout(text), expected, "{text}");
        }
    }
}
