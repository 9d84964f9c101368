//! Lengths of time as people write them: `500ms`, `30s`, `5m`, `1h`, `7d`; a number alone is milliseconds.

/// Nothing waits longer: ten years.
pub const LONGEST_MS: i64 = 10 * 365 * 24 * 3600 * 1000;

const UNITS: [(&str, i64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a length of time, at most [`LONGEST_MS`].
pub fn parse(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = if unit.is_empty() { "ms" } else { unit };
    let (_, ms) = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?;
    number.parse::<i64>().ok()?.checked_mul(*ms).filter(|ms| *ms <= LONGEST_MS)
}

/// Writes it in the largest unit of which it is a multiple.
pub fn show(ms: i64) -> String {
    let fits = |(_, unit): &&(&str, i64)| ms % unit == 0 && (ms != 0 || *unit == 1);
    let (name, unit) = UNITS.iter().rev().find(fits).unwrap_or(&UNITS[0]);
    format!("{}{name}", ms / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_and_written() {
        for (text, ms, shown) in [
            ("0", 0, "0ms"),
            ("1500", 1500, "1500ms"),
            ("90S", 90_000, "90s"),
            ("60s", 60_000, "1m"),
            ("36h", 129_600_000, "36h"),
            ("7d", 604_800_000, "7d"),
        ] {
            assert_eq!((parse(text), show(ms)), (Some(ms), shown.to_owned()), "{text}");
        }
        for wrong in ["", "s", "-1s", "1.5s", "1 s", "1w", "99999999999d", "4000d", "1s "] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
