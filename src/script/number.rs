//! Numbers as text: what C calls `%.14g`, and how a number becomes an argument of a call.

use crate::resp::double;
use std::io::Write;

/// Appends `value` with at most `precision` significant digits, as C's `%.{precision}g` writes it.
pub fn general(value: f64, precision: usize, out: &mut Vec<u8>) {
    if !value.is_finite() {
        let text: &[u8] = if value.is_nan() { b"nan" } else { b"inf" };
        if value.is_sign_negative() {
            out.push(b'-');
        }
        return out.extend_from_slice(text);
    }
    let precision = precision.clamp(1, 17);
    let scientific = format!("{value:.*e}", precision - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= precision as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{}e{sign}{:02}", without_zeros(mantissa), exponent.abs());
    } else {
        let fixed = format!("{value:.*}", (precision as i32 - 1 - exponent) as usize);
        out.extend_from_slice(without_zeros(&fixed).as_bytes());
    }
}

fn without_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

/// Appends a number as an argument: integers in full, everything else as short as it reads back.
pub fn argument(value: f64, out: &mut Vec<u8>) {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if value.trunc() == value && value.abs() < LIMIT {
        out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    } else {
        double::write(value, out);
    }
}

/// A number as the C code of the reference makes an integer of it: what does not fit is the smallest one.
pub fn integer(value: f64) -> i64 {
    if value.is_nan() || !(-9.3e18..9_223_372_036_854_775_808.0).contains(&value) { i64::MIN } else { value as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        general(value, 14, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn as_c_writes_them() {
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(-0.0), "-0");
        assert_eq!(text(1e15), "1e+15");
        assert_eq!(text(1e14), "1e+14");
        assert_eq!(text(1e13), "10000000000000");
        assert_eq!(text(1.0 / 3.0), "0.33333333333333");
        assert_eq!(text(12345678901234567890.0), "1.2345678901235e+19");
        assert_eq!(text(0.0001), "0.0001");
        assert_eq!(text(0.00001), "1e-05");
        assert_eq!(text(1e300), "1e+300");
        assert_eq!(text(99999999999999.9), "1e+14");
    }
}
