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

    /// Reads it. Whether a start may stand alone is the caller's rule.
    pub fn parse(args: Args<'_>) -> Result<Span, Refusal> {
        let start = number::arg(args.at(0))?;
        let in_bits = match args.len() {
            3 if args.at(2).eq_ignore_ascii_case(b"BIT") => true,
            3 if args.at(2).eq_ignore_ascii_case(b"BYTE") => false,
            1 | 2 => false,
            _ => return Err(error::SYNTAX),
        };
        let end = if args.len() > 1 { Some(number::arg(args.at(1))?) } else { None };
        Ok(Span { start, end, in_bits })
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

/// The bytes of `value` that hold `bits`, each with the mask of those bits in it.
pub fn bytes(value: &[u8], bits: Range<u64>) -> impl Iterator<Item = (u64, u8, u8)> {
    let first = bits.start / 8;
    let last = bits.end.div_ceil(8);
    let held = value.get(first as usize..last as usize).unwrap_or(&[]);
    held.iter().zip(first..).map(move |(byte, at)| {
        let before = bits.start.saturating_sub(at * 8).min(8) as u32;
        let behind = ((at + 1) * 8).saturating_sub(bits.end).min(8) as u32;
        let mask = 0xff_u8.checked_shr(before).unwrap_or(0) & 0xff_u8.checked_shl(behind).unwrap_or(0);
        (at, *byte, mask)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn bits(words: &str, len: usize) -> Range<u64> {
        Span::parse(OwnedArgs::collect(words.split(' ')).as_args()).unwrap().bits(len)
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

    #[test]
    fn masks_of_a_range() {
        let masks: Vec<u8> = bytes(&[1, 2, 3], 5..18).map(|(_, _, mask)| mask).collect();
        assert_eq!(masks, [0b0000_0111, 0xff, 0b1100_0000]);
        let masks: Vec<u8> = bytes(&[1], 2..5).map(|(_, _, mask)| mask).collect();
        assert_eq!(masks, [0b0011_1000]);
    }
}
