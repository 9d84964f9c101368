//! Floating point numbers as text: the shortest digits that read back to the same number, laid out as a
//! redis-server does. Must never know: framing.

use std::io::Write;

/// Above this an integer is no longer written in full, but like any other number.
const PLAIN_INTEGERS: f64 = (1u64 << 62) as f64;

/// Appends `value`: `nan`, `inf`, `-inf`, `-0`, integers without a point, `1.5`, `1e-7`, `1.5e+20`.
pub fn write(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if value.is_sign_negative() {
        out.push(b'-');
    }
    let value = value.abs();
    if value.is_infinite() {
        out.extend_from_slice(b"inf");
    } else if value <= PLAIN_INTEGERS && value.trunc() == value {
        out.extend_from_slice(itoa::Buffer::new().format(value as u64).as_bytes());
    } else {
        let (digits, exponent) = shortest(value);
        lay_out(digits.as_slice(), exponent, out);
    }
}

/// Significant digits of a number, without zeros at either end.
struct Digits {
    bytes: [u8; 17],
    len: usize,
}

impl Digits {
    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// The digits `d` and the exponent `e` with `value == d * 10^e`; `value` is positive and finite.
fn shortest(value: f64) -> (Digits, i32) {
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut exponent = exponent.parse::<i32>().unwrap_or(0) - fraction.len() as i32;
    let mut digits = Digits { bytes: [0; 17], len: 0 };
    let mut zeros = 0;
    for byte in whole.bytes().chain(fraction.bytes()) {
        if byte == b'0' {
            zeros += 1;
            continue;
        }
        // Zeros count once a digit stands on both sides of them.
        let gap = if digits.len == 0 { 0 } else { zeros };
        digits.bytes[digits.len..digits.len + gap].fill(b'0');
        digits.bytes[digits.len + gap] = byte;
        digits.len += gap + 1;
        zeros = 0;
    }
    exponent += zeros as i32;
    (digits, exponent)
}

/// Writes `digits * 10^exponent`: with zeros behind, with a point, or in scientific form when those grow too long.
fn lay_out(digits: &[u8], exponent: i32, out: &mut Vec<u8>) {
    let count = digits.len() as i32;
    let magnitude = exponent + count - 1;
    if exponent >= 0 && magnitude < count + 7 {
        out.extend_from_slice(digits);
        out.extend(std::iter::repeat_n(b'0', exponent as usize));
    } else if exponent < 0 && (exponent > -7 || magnitude.abs() < 4) {
        with_point(digits, count + exponent, out);
    } else {
        out.push(digits[0]);
        if count > 1 {
            out.push(b'.');
            out.extend_from_slice(&digits[1..]);
        }
        // Writing into a vector cannot fail.
        let _ = write!(out, "e{magnitude:+}");
    }
}

/// Writes `digits` with the point after the first `whole` of them; zeros fill the gap when that is negative.
fn with_point(digits: &[u8], whole: i32, out: &mut Vec<u8>) {
    if whole <= 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', whole.unsigned_abs() as usize));
        out.extend_from_slice(digits);
    } else {
        let (before, after) = digits.split_at(whole as usize);
        out.extend_from_slice(before);
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn special_numbers() {
        assert_eq!(text(f64::NAN), "nan");
        assert_eq!(text(-f64::NAN), "nan");
        assert_eq!(text(f64::INFINITY), "inf");
        assert_eq!(text(f64::NEG_INFINITY), "-inf");
        assert_eq!(text(0.0), "0");
        assert_eq!(text(-0.0), "-0");
    }

    /// Left: what ZADD was given; right: what ZSCORE of a redis-server 8.0.6 answered in RESP3.
    #[test]
    fn as_the_reference_server_writes_them() {
        let seen = "1 1|-1 -1|1.5 1.5|0.1 0.1|3.0 3|1e15 1000000000000000|1e18 1000000000000000000|\
            4.6e18 4600000000000000000|4.7e18 4.7e+18|-4e18 -4000000000000000000|-4.7e18 -4.7e+18|\
            4611686018427387904 4611686018427387904|4611686018427388928 4611686018427389000|\
            9223372036854775807 9223372036854776000|9007199254740993 9007199254740992|1e19 1e+19|1e22 1e+22|\
            1.5e20 1.5e+20|123456789012345678 123456789012345680|1.7976931348623157e308 1.7976931348623157e+308|\
            5e-324 5e-324|1e-320 1e-320|2.2250738585072014e-308 2.2250738585072014e-308|0.01 0.01|0.0001 0.0001|\
            0.00001 0.00001|0.000001 0.000001|0.0000001 1e-7|1.5e-5 0.000015|1.5e-6 1.5e-6|1.23456e-5 1.23456e-5|\
            0.30000000000000004 0.30000000000000004|123456789.123456789 1.2345678912345679e+8|\
            1234567890123.4567 1234567890123.4568|1.234e25 1.234e+25|-1.5e-10 -1.5e-10|-1e300 -1e+300|\
            12345678e15 1.2345678e+22|123456789012e9 1.23456789012e+20|1.1e-4 0.00011|12345.123456789 1.2345123456789e+4|\
            1234.123456789 1234.123456789|0.00123456789 0.00123456789|0.000123456789 1.23456789e-4|\
            1.2345678901234567e22 12345678901234568000000|1.2345678901234567e23 123456789012345670000000";
        for pair in seen.split('|') {
            let (given, expected) = pair.split_once(' ').unwrap();
            assert_eq!(text(given.parse().unwrap()), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn every_number_reads_back(bits in any::<u64>(), small in -1e6..1e6f64) {
            for value in [f64::from_bits(bits), small] {
                prop_assert!(value.is_nan() || text(value).parse::<f64>().unwrap().to_bits() == value.to_bits());
            }
        }
    }
}
