//! Numbers in arguments, read as strictly as the reference does.

use super::error::{self, Refusal};

/// A signed 64-bit decimal: no sign but `-`, no leading zeros, no spaces.
pub fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    match digits {
        [] => return None,
        [b'0'] => return (!negative).then_some(0),
        [b'0', ..] => return None,
        _ => {}
    }
    let magnitude = brooklet_storage::id::parse_u64(digits)?;
    if negative { 0i64.checked_sub_unsigned(magnitude) } else { i64::try_from(magnitude).ok() }
}

/// [`integer`], or the usual error.
pub fn integer_or(text: &[u8], refusal: Refusal) -> Result<i64, Refusal> {
    integer(text).ok_or(refusal)
}

/// A signed integer argument with the usual error text.
pub fn arg(text: &[u8]) -> Result<i64, Refusal> {
    integer(text).ok_or(error::NOT_INTEGER)
}

/// A finite or infinite decimal float: what C's `strtold` reads, without spaces, and not NaN.
pub fn float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.is_empty() || text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        return None;
    }
    text.parse::<f64>().ok().filter(|f| !f.is_nan())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict() {
        for (text, n) in [("0", 0), ("-1", -1), ("9223372036854775807", i64::MAX), ("-9223372036854775808", i64::MIN)] {
            assert_eq!(integer(text.as_bytes()), Some(n));
        }
        for bad in ["", "-", "-0", "+1", "01", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809", "a"] {
            assert_eq!(integer(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn floats_are_strict() {
        assert_eq!(float(b"1.5e3"), Some(1500.0));
        assert_eq!(float(b"inf"), Some(f64::INFINITY));
        for bad in ["", " 1", "1 ", "nan", "1,5", "0x"] {
            assert_eq!(float(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
