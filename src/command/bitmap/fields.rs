//! Integers of 1 to 64 bits at any place of a string: the calls of BITFIELD.

use super::bits;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;

/// The type of a field: `i8`, `u63`, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Type {
    signed: bool,
    width: u32,
}

/// What happens to a value that does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It goes round.
    #[default]
    Wrap,
    /// It stays at the end of the range.
    Saturate,
    /// Nothing is changed.
    Fail,
}

/// What is done with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Its value is answered.
    Get,
    /// It gets a value; the old one is answered.
    Set(i64, Overflow),
    /// It is increased; the new value is answered.
    Increase(i64, Overflow),
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The field's type.
    pub field: Type,
    /// Its first bit.
    pub at: u64,
    /// What is done.
    pub action: Action,
}

impl Call {
    /// The bit behind the field.
    pub fn end(&self) -> u64 {
        self.at + u64::from(self.field.width)
    }
}

impl Type {
    fn parse(text: &[u8]) -> Result<Type, Refusal> {
        let (signed, width) = match text.split_first() {
            Some((b'i', width)) => (true, width),
            Some((b'u', width)) => (false, width),
            _ => return Err(error::bitmap::FIELD_TYPE),
        };
        let most = if signed { 64 } else { 63 };
        let width = number::integer(width).filter(|n| (1..=most).contains(n));
        width.map(|width| Type { signed, width: width as u32 }).ok_or(error::bitmap::FIELD_TYPE)
    }

    fn range(self) -> (i128, i128) {
        let values = 1i128 << self.width;
        if self.signed { (-values / 2, values / 2 - 1) } else { (0, values - 1) }
    }

    /// The value of the field that begins with bit `at`.
    pub fn read(self, value: &[u8], at: u64) -> i64 {
        let bits = (at..at + u64::from(self.width)).fold(0u64, |n, bit| n << 1 | u64::from(bits::get(value, bit)));
        let unused = 64 - self.width;
        if self.signed { (bits << unused) as i64 >> unused } else { bits as i64 }
    }

    /// The bytes from `at / 8` on with the field set to `n`.
    pub fn written(self, value: &[u8], at: u64, n: i64) -> Vec<u8> {
        let (first, last) = ((at / 8) as usize, (at + u64::from(self.width)).div_ceil(8) as usize);
        let mut bytes: Vec<u8> = (first..last).map(|byte| value.get(byte).copied().unwrap_or(0)).collect();
        for i in 0..self.width {
            let (bit, on) = (at % 8 + u64::from(i), n >> (self.width - 1 - i) & 1 == 1);
            let byte = &mut bytes[(bit / 8) as usize];
            *byte = if on { *byte | bits::mask(bit) } else { *byte & !bits::mask(bit) };
        }
        bytes
    }

    /// `n` as the field can hold it.
    pub fn fit(self, n: i128, overflow: Overflow) -> Option<i64> {
        let (least, most) = self.range();
        if (least..=most).contains(&n) {
            return Some(n as i64);
        }
        match overflow {
            Overflow::Fail => None,
            Overflow::Saturate => Some(n.clamp(least, most) as i64),
            Overflow::Wrap => Some((least + (n - least).rem_euclid(1i128 << self.width)) as i64),
        }
    }
}

/// `#n` counts in widths of the field.
fn place(ctx: &Ctx<'_>, text: &[u8], field: Type) -> Result<u64, Refusal> {
    let (text, unit) = match text.strip_prefix(b"#") {
        Some(text) => (text, i64::from(field.width)),
        None => (text, 1),
    };
    let at = number::integer(text).and_then(|n| n.checked_mul(unit)).and_then(|n| u64::try_from(n).ok());
    let bits = ctx.engine.config.proto_max_bulk_len.saturating_mul(8);
    at.filter(|at| at / 8 < bits / 8).ok_or(error::bitmap::OFFSET)
}

/// Reads the calls of BITFIELD.
pub fn parse(ctx: &Ctx<'_>, args: Args<'_>, read_only: bool) -> Result<Vec<Call>, Refusal> {
    let (mut calls, mut overflow, mut at) = (Vec::new(), Overflow::Wrap, 0);
    while at < args.len() {
        let left = args.len() - at - 1;
        let word = args.at(at).to_ascii_uppercase();
        if word == b"OVERFLOW" && left >= 1 {
            overflow = match args.at(at + 1).to_ascii_uppercase().as_slice() {
                b"WRAP" => Overflow::Wrap,
                b"SAT" => Overflow::Saturate,
                b"FAIL" => Overflow::Fail,
                _ => return Err(error::bitmap::OVERFLOW_TYPE),
            };
            at += 2;
            continue;
        }
        let taken = match word.as_slice() {
            b"GET" if left >= 2 => 3,
            b"SET" | b"INCRBY" if left >= 3 => 4,
            _ => return Err(error::SYNTAX),
        };
        let field = Type::parse(args.at(at + 1))?;
        let place = place(ctx, args.at(at + 2), field)?;
        let action = match word.as_slice() {
            b"GET" => Action::Get,
            b"SET" => Action::Set(number::arg(args.at(at + 3))?, overflow),
            _ => Action::Increase(number::arg(args.at(at + 3))?, overflow),
        };
        calls.push(Call { field, at: place, action });
        at += taken;
    }
    let reads = |call: &Call| call.action == Action::Get;
    if read_only && !calls.iter().all(reads) { Err(error::bitmap::READ_ONLY) } else { Ok(calls) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn field(text: &str) -> Type {
        Type::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn types() {
        for bad in ["", "i", "u0", "i65", "u64", "x8", "i-1", "i08"] {
            assert!(Type::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(field("i64"), Type { signed: true, width: 64 });
    }

    #[test]
    fn what_does_not_fit() {
        assert_eq!(field("u8").fit(257, Overflow::Wrap), Some(1));
        assert_eq!(field("u8").fit(-1, Overflow::Wrap), Some(255));
        assert_eq!(field("i8").fit(128, Overflow::Wrap), Some(-128));
        assert_eq!(field("i8").fit(-300, Overflow::Saturate), Some(-128));
        assert_eq!(field("i64").fit(i128::from(i64::MAX) + 1, Overflow::Wrap), Some(i64::MIN));
        assert_eq!(field("u2").fit(4, Overflow::Fail), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            mut value in prop::collection::vec(any::<u8>(), 0..12), at in 0u64..80, width in 1u32..=64, n: i64, signed: bool
        ) {
            let field = Type { signed, width: if signed { width } else { width.min(63) } };
            let n = field.fit(n.into(), Overflow::Wrap).unwrap();
            let bytes = field.written(&value, at, n);
            let first = (at / 8) as usize;
            value.resize(value.len().max(first + bytes.len()), 0);
            let before = value.clone();
            value[first..first + bytes.len()].copy_from_slice(&bytes);
            prop_assert_eq!(field.read(&value, at), n);
            for bit in (0..value.len() as u64 * 8).filter(|bit| *bit < at || *bit >= at + u64::from(field.width)) {
                prop_assert_eq!(bits::get(&value, bit), bits::get(&before, bit));
            }
        }
    }
}
