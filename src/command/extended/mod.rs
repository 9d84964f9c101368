//! Floating point numbers with 64 significant bits and a 15-bit exponent (x87 extended), which INCRBYFLOAT counts in.
//!
//! The reference computes with its C compiler's `long double` and prints 17 digits after the point. To give the same
//! digits (10.5 + 0.1 = 10.6, not 10.60000000000000142) the same width is needed, and Rust has no such type. Rounding
//! is to nearest, ties to even, as the hardware does. Must never know: replies, commands.

mod natural;

use natural::Natural;
use std::cmp::Ordering;

/// A number, never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extended {
    negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magnitude {
    Zero,
    /// `mantissa * 2^exponent`; the mantissa's highest bit is set.
    Finite {
        mantissa: u64,
        exponent: i32,
    },
    Infinite,
}

/// Exponent of the largest finite numbers.
const TOP_EXPONENT: i32 = 16383 - 63;
/// Exponent below which nothing but zero is left.
const BOTTOM_EXPONENT: i32 = -16446 - 63;
/// Longer text is not a number.
const LONGEST: usize = 5 * 1024 - 1;
/// Digits after the point.
const FRACTION: usize = 17;

impl Extended {
    /// Zero.
    pub const ZERO: Extended = Extended { negative: false, magnitude: Magnitude::Zero };
    /// The largest finite number.
    pub const MAX: Extended =
        Extended { negative: false, magnitude: Magnitude::Finite { mantissa: u64::MAX, exponent: TOP_EXPONENT } };

    /// Reads what C's `strtold` reads, as long as that is the whole text, begins without a space, and is neither NaN
    /// nor out of range.
    pub fn parse(text: &[u8]) -> Option<Extended> {
        let (negative, digits) = match text {
            _ if text.len() > LONGEST => return None,
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, text),
        };
        let magnitude = match digits {
            [b'0', b'x' | b'X', hex @ ..] => hexadecimal(hex)?,
            _ if is_word(digits, "inf") || is_word(digits, "infinity") => Magnitude::Infinite,
            _ => decimal(digits)?,
        };
        Some(Extended::signed(negative, magnitude))
    }

    /// There is one zero.
    fn signed(negative: bool, magnitude: Magnitude) -> Extended {
        Extended { negative: negative && magnitude != Magnitude::Zero, magnitude }
    }

    /// Whether it is infinite.
    pub fn is_infinite(self) -> bool {
        self.magnitude == Magnitude::Infinite
    }

    /// The sum, infinite if it is too large; `None` for infinity minus infinity.
    pub fn plus(self, other: Extended) -> Option<Extended> {
        match (self.magnitude, other.magnitude) {
            (Magnitude::Infinite, Magnitude::Infinite) => (self.negative == other.negative).then_some(self),
            (Magnitude::Infinite, _) | (_, Magnitude::Zero) => Some(self),
            (_, Magnitude::Infinite) | (Magnitude::Zero, _) => Some(other),
            _ if self.cmp_magnitude(other) == Ordering::Less => Some(add(other, self)),
            _ => Some(add(self, other)),
        }
    }

    /// The difference; see [`Extended::plus`].
    pub fn minus(self, other: Extended) -> Option<Extended> {
        self.plus(other.negated())
    }

    /// With the other sign.
    pub fn negated(self) -> Extended {
        Extended::signed(!self.negative, self.magnitude)
    }

    fn cmp_magnitude(self, other: Extended) -> Ordering {
        let rank = |m: Magnitude| match m {
            Magnitude::Zero => (0, 0, 0),
            Magnitude::Finite { mantissa, exponent } => (1, exponent, mantissa),
            Magnitude::Infinite => (2, 0, 0),
        };
        rank(self.magnitude).cmp(&rank(other.magnitude))
    }

    /// In full, with up to 17 digits after the point and no zeros at their end.
    pub fn to_text(self) -> String {
        let digits = match self.magnitude {
            Magnitude::Zero => return "0".into(),
            Magnitude::Infinite => return if self.negative { "-inf".into() } else { "inf".into() },
            Magnitude::Finite { mantissa, exponent } if exponent >= 0 => {
                let mut whole = Natural::from(mantissa);
                whole.shift_left(exponent as u32);
                whole.into_decimal()
            }
            Magnitude::Finite { mantissa, exponent } => {
                let text = format!("{:0width$}", scaled(mantissa, exponent.unsigned_abs()), width = FRACTION + 1);
                let (whole, fraction) = text.split_at(text.len() - FRACTION);
                let fraction = fraction.trim_end_matches('0');
                if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
            }
        };
        if self.negative && digits != "0" { format!("-{digits}") } else { digits }
    }

    /// The nearest number of the usual width.
    pub fn to_f64(self) -> f64 {
        // Correctly rounded from the digits that are shown, which is what a client would do with them.
        self.to_text().parse().unwrap_or(0.0)
    }
}

impl PartialOrd for Extended {
    fn partial_cmp(&self, other: &Extended) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Extended {
    fn cmp(&self, other: &Extended) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.cmp_magnitude(*other),
            (true, true) => other.cmp_magnitude(*self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn is_word(text: &[u8], word: &str) -> bool {
    text.eq_ignore_ascii_case(word.as_bytes())
}

/// `mantissa / 2^shift * 10^17`, rounded.
fn scaled(mantissa: u64, shift: u32) -> u128 {
    let product = u128::from(mantissa) * 10u128.pow(FRACTION as u32);
    if shift >= u128::BITS {
        return 0;
    }
    let (whole, rest, half) = (product >> shift, product & ((1 << shift) - 1), 1u128 << (shift - 1));
    whole + u128::from(rest > half || (rest == half && whole & 1 == 1))
}

/// The sum of two finite numbers, the first of which has the larger magnitude.
fn add(large: Extended, small: Extended) -> Extended {
    let (Magnitude::Finite { mantissa: a, exponent }, Magnitude::Finite { mantissa: b, exponent: below }) =
        (large.magnitude, small.magnitude)
    else {
        return large;
    };
    // 62 more bits, and the lowest says whether anything below it is set: enough for exact rounding.
    let (a, b, distance) = (u128::from(a) << 62, u128::from(b) << 62, (exponent - below) as u32);
    let shifted = b.checked_shr(distance).unwrap_or(0);
    let lost = shifted.checked_shl(distance).unwrap_or(0) != b;
    let b = shifted | u128::from(lost);
    let sum = if large.negative == small.negative { a + b } else { a - b };
    Extended::signed(large.negative, round_wide(sum, exponent - 62))
}

fn round_wide(value: u128, exponent: i32) -> Magnitude {
    let bits = u128::BITS - value.leading_zeros();
    let Some(shift) = bits.checked_sub(64).filter(|s| *s > 0) else {
        return finish(value as u64, exponent, false);
    };
    let (rest, half) = (value & ((1 << shift) - 1), 1u128 << (shift - 1));
    let mantissa = (value >> shift) as u64;
    let up = rest > half || (rest == half && mantissa & 1 == 1);
    finish(mantissa, exponent + shift as i32, up)
}

/// Rounds `value * 2^exponent`; `more` says that the true value is a little larger (then `value` has over 65 bits).
fn round(value: &Natural, exponent: i32, more: bool) -> Magnitude {
    let Some(shift) = value.bits().checked_sub(64).filter(|s| *s > 0) else {
        return finish(value.word_at(0), exponent, false);
    };
    let mantissa = value.word_at(shift);
    let up = value.bit(shift - 1) && (more || mantissa & 1 == 1 || value.any_below(shift - 1));
    finish(mantissa, exponent + shift as i32, up)
}

/// Normalizes, after adding one to the mantissa if asked.
fn finish(mantissa: u64, exponent: i32, up: bool) -> Magnitude {
    let (mantissa, exponent) = match mantissa.checked_add(u64::from(up)) {
        Some(0) => return Magnitude::Zero,
        Some(m) => (m << m.leading_zeros(), exponent - m.leading_zeros() as i32),
        None => (1 << 63, exponent + 1),
    };
    match exponent {
        _ if exponent > TOP_EXPONENT => Magnitude::Infinite,
        _ if exponent < BOTTOM_EXPONENT => Magnitude::Zero,
        _ => Magnitude::Finite { mantissa, exponent },
    }
}

/// Splits `digits[.digits][e[+-]digits]`: the digits without the point, those behind the point, the exponent.
fn split(text: &[u8], is_digit: fn(&u8) -> bool, mark: u8) -> Option<(Vec<u8>, usize, i64)> {
    let at = text.iter().position(|b| b.to_ascii_lowercase() == mark);
    let (number, exponent) = match at {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let point = number.iter().position(|b| *b == b'.');
    let (whole, fraction) = point.map_or((number, &[][..]), |at| (&number[..at], &number[at + 1..]));
    let digits = [whole, fraction].concat();
    let good = !digits.is_empty() && digits.iter().all(is_digit);
    good.then_some((digits, fraction.len(), exponent))
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0i64, |n, d| (n * 10 + i64::from(d - b'0')).min(1 << 40));
    Some(if negative { -value } else { value })
}

/// What was not zero must not become zero or infinite on the way.
fn in_range(magnitude: Magnitude) -> Option<Magnitude> {
    matches!(magnitude, Magnitude::Finite { .. }).then_some(magnitude)
}

fn decimal(text: &[u8]) -> Option<Magnitude> {
    let (digits, fraction, exponent) = split(text, u8::is_ascii_digit, b'e')?;
    let mut value = Natural::default();
    digits.iter().for_each(|d| value.multiply_add(10, u32::from(d - b'0')));
    if value.is_zero() {
        return Some(Magnitude::Zero);
    }
    let exponent = exponent - fraction as i64;
    let highest = exponent + i64::from(value.bits()) * 30103 / 100_000;
    if !(-5000..5000).contains(&highest) {
        return None;
    }
    if exponent >= 0 {
        value.multiply_ten(exponent as u32);
        return in_range(round(&value, 0, false));
    }
    let tens = exponent.unsigned_abs() as u32;
    // So far to the left that the quotient has more than 66 bits: ten has less than 3.33 bits.
    let shift = (tens * 333 / 100 + 68).saturating_sub(value.bits());
    value.shift_left(shift);
    let more = value.divide_ten(tens);
    in_range(round(&value, -(shift as i32), more))
}

fn hexadecimal(text: &[u8]) -> Option<Magnitude> {
    let (digits, fraction, exponent) = split(text, u8::is_ascii_hexdigit, b'p')?;
    let mut value = Natural::default();
    for digit in digits {
        value.multiply_add(16, char::from(digit).to_digit(16)?);
    }
    if value.is_zero() {
        return Some(Magnitude::Zero);
    }
    let exponent = (exponent - 4 * fraction as i64).clamp(-100_000, 100_000);
    in_range(round(&value, exponent as i32, false))
}

#[cfg(test)]
mod tests;
