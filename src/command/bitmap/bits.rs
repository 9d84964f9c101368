//! Places and ranges of bits.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::store::Key;
use bytes::Bytes;
use std::ops::Range;

/// The number of a bit, below what the longest string has.
pub fn offset(ctx: &Ctx<'_>, text: &[u8]) -> Result<u64, Refusal> {
    let bits = ctx.engine.config.proto_max_bulk_len.saturating_mul(8);
    let offset = number::integer(text).and_then(|n| u64::try_from(n).ok()).filter(|n| *n < bits);
    offset.ok_or(error::bitmap::OFFSET)
}

/// Bit `at` of a string; what is behind its end is 0.
pub fn get(value: &[u8], at: u64) -> bool {
    usize::try_from(at / 8).ok().and_then(|byte| value.get(byte)).is_some_and(|byte| byte & mask(at) != 0)
}

/// The bit `at` within its byte.
pub fn mask(at: u64) -> u8 {
    0x80 >> (at % 8)
}

/// The string `name` for changing it, long enough for `bits`; a gap is filled with zeros.
pub fn grown(ctx: &mut Ctx<'_>, name: &[u8], bits: u64) -> Result<Key, Refusal> {
    let found = ctx.find_string(name)?.map(|(key, value)| (key, value.len()));
    let key = match found {
        Some((key, _)) => key,
        None => ctx.engine.store.set_string(ctx.db, name, None, Bytes::new(), None),
    };
    let (len, wanted) = (found.map_or(0, |(_, len)| len), bits.div_ceil(8) as usize);
    if wanted > len {
        ctx.store().patch_string(key, wanted - 1, &[0]);
    }
    Ok(key)
}

/// `start end [BYTE | BIT]`, or only `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: i64,
    end: Option<i64>,
    in_bits: bool,
}

impl Span {
    /// All of a string.
    pub const ALL: Span = Span { start: 0, end: None, in_bits: false };

    /// Reads it. Whether a start may stand alone is the caller's rule, and whether a wrong unit comes before a wrong end.
    pub fn parse(args: Args<'_>, unit_first: bool) -> Result<Span, Refusal> {
        if args.len() > 3 {
            return Err(error::SYNTAX);
        }
        let start = number::arg(args.at(0))?;
        let in_bits = match args.get(2) {
            Some(unit) if unit.eq_ignore_ascii_case(b"BIT") => Ok(true),
            Some(unit) if !unit.eq_ignore_ascii_case(b"BYTE") => Err(error::SYNTAX),
            _ => Ok(false),
        };
        let end = args.get(1).map(number::arg).transpose();
        let in_bits = if unit_first { Ok(in_bits?) } else { in_bits };
        Ok(Span { start, end: end?, in_bits: in_bits? })
    }

    /// Whether the end was given.
    pub fn has_end(self) -> bool {
        self.end.is_some()
    }

    /// The bits that it means in a string of `len` bytes; none if it is empty.
    pub fn bits(self, len: usize) -> Range<u64> {
        let unit = if self.in_bits { 1 } else { 8 };
        let total = (len as i64).saturating_mul(8 / unit);
        let (start, end) = (self.start, self.end.unwrap_or(-1));
        if start < 0 && end < 0 && start > end {
            return 0..0;
        }
        let place = |at: i64| if at < 0 { at.saturating_add(total).max(0) } else { at };
        let (start, end) = (place(start), place(end).min(total - 1));
        if start > end { 0..0 } else { (start * unit) as u64..((end + 1) * unit) as u64 }
    }
}

/// The bytes of `value` that hold `bits`, and how many bits of the first and of the last of them are not meant.
fn held<'a>(value: &'a [u8], bits: &Range<u64>) -> (&'a [u8], u32, u32) {
    let held = value.get((bits.start / 8) as usize..bits.end.div_ceil(8) as usize).unwrap_or(&[]);
    (held, (bits.start % 8) as u32, (bits.end.wrapping_neg() % 8) as u32)
}

/// How many of `bits` are 1.
pub fn count(value: &[u8], bits: Range<u64>) -> u64 {
    let (held, before, behind) = held(value, &bits);
    let (Some(first), Some(last)) = (held.first(), held.last()) else { return 0 };
    let (words, rest) = held.as_chunks();
    let ones = words.iter().map(|word| u64::from(u64::from_le_bytes(*word).count_ones())).sum::<u64>()
        + rest.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>();
    let unmeant = (first & !(0xff >> before)).count_ones() + (last & !(0xff << behind)).count_ones();
    ones - u64::from(unmeant)
}

/// The first of `bits` that is `wanted`.
pub fn find(value: &[u8], bits: Range<u64>, wanted: bool) -> Option<u64> {
    let (held, before, _) = held(value, &bits);
    let skipped = if wanted { 0 } else { 0xff };
    let (first, rest) = held.split_first()?;
    let hits = (first ^ skipped) & 0xff >> before;
    let (byte, hits) =
        if hits != 0 { (0, hits) } else { other_byte(rest, skipped).map(|(at, hits)| (at + 1, hits))? };
    let at = (bits.start / 8 + byte as u64) * 8 + u64::from(hits.leading_zeros());
    Some(at).filter(|at| *at < bits.end)
}

/// Where the first byte stands that is not `skipped`, and in what bits it differs.
fn other_byte(bytes: &[u8], skipped: u8) -> Option<(usize, u8)> {
    // A run of bytes is looked at as a whole, which the processor does many bytes at a time.
    const RUN: usize = 256;
    let differs = |run: &[u8]| run.iter().fold(0, |all, byte| all | (byte ^ skipped)) != 0;
    let run = bytes.chunks(RUN).position(differs)? * RUN;
    let within = bytes.get(run..)?.iter().position(|byte| *byte != skipped)?;
    bytes.get(run + within).map(|byte| (run + within, byte ^ skipped))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;
    use proptest::prelude::*;

    fn bits(words: &str, len: usize) -> Range<u64> {
        Span::parse(OwnedArgs::collect(words.split(' ')).as_args(), false).unwrap().bits(len)
    }

    #[test]
    fn spans() {
        for (words, expected) in [
            ("0 -1", 0..24),
            ("1", 8..24),
            ("-1 -1", 16..24),
            ("5 -3 BIT", 5..22),
            ("2 1", 0..0),
            ("-1 -2 BIT", 0..0),
            ("9 9", 0..0),
            ("-100 100", 0..24),
            ("-9223372036854775808 9223372036854775807 BIT", 0..24),
        ] {
            assert_eq!(bits(words, 3), expected, "{words}");
        }
        assert_eq!(bits("0 -1", 0), 0..0);
    }

    proptest! {
        #[test]
        fn whole_bytes_make_no_difference(
            mut value in prop::collection::vec(any::<u8>(), 0..40), same in 0usize..1200, fill: bool, ends in any::<(u16, u16)>()
        ) {
            // In front of it a run of equal bytes.
            value.splice(0..0, vec![if fill { 0xff } else { 0 }; same]);
            let bits = value.len() as u64 * 8;
            let (start, end) = (u64::from(ends.0) % (bits + 1), u64::from(ends.1) % (bits + 1));
            let range = start.min(end)..start.max(end);
            let ones = range.clone().filter(|at| get(&value, *at)).count() as u64;
            prop_assert_eq!(count(&value, range.clone()), ones);
            for wanted in [false, true] {
                let first = range.clone().find(|at| get(&value, *at) == wanted);
                prop_assert_eq!(find(&value, range.clone(), wanted), first);
            }
        }
    }
}
