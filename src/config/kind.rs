//! The kinds of value an option takes: what is accepted, and the one form in which an accepted value is kept and shown.
//!
//! Everything is text in and text out: [`Kind::canonical`] turns words as somebody wrote them into the words CONFIG GET
//! answers. Must never know: which options exist. Read next: `spec.rs`.

use super::error::Invalid;
use super::{events, limits};

/// What a number counts. Only documents read it; the field's name carries the unit in code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain count.
    None,
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
}

impl Unit {
    /// The unit's name, empty for a plain count.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::None => "",
            Unit::Seconds => "seconds",
            Unit::Milliseconds => "milliseconds",
            Unit::Microseconds => "microseconds",
        }
    }
}

/// A host name has less bytes than this.
const LONGEST_HOSTNAME: usize = 256;

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, both ends included.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// What it counts.
        unit: Unit,
    },
    /// A whole number from 0 on that is silently brought into a range, as the reference does for `hz`.
    Clamped {
        /// Smallest value kept.
        low: i64,
        /// Largest value kept.
        high: i64,
    },
    /// A size in bytes, written `1024`, `64k`, `64kb`, `1g`, `1gb` (`k` is 1000, `kb` is 1024); at least this much.
    Memory(i64),
    /// A size in bytes, or a percentage.
    MemoryOrPercent,
    /// A file mode.
    Octal,
    /// `yes` or `no`.
    YesNo,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// Any of these names, separated by spaces.
    Choices(&'static [&'static str]),
    /// Any text.
    Text,
    /// Letters, digits, hyphens and dots.
    Hostname,
    /// Any text, never shown in documents, logs or `Debug`.
    Secret,
    /// A file or folder.
    Path,
    /// Words separated by spaces.
    Words,
    /// Pairs of seconds and changes.
    Save,
    /// Groups of `class hard soft seconds`; classes that are not named keep their limits.
    Limits,
    /// Letters that choose keyspace notifications.
    Events,
}

impl Kind {
    /// Whether CONFIG SET splits the value at spaces, and a file may give several words.
    pub fn takes_words(self) -> bool {
        matches!(self, Kind::Choices(_) | Kind::Words | Kind::Save | Kind::Limits)
    }

    /// The form in which `words` are kept, if this kind accepts them. `current` is the option's value so far.
    pub(super) fn canonical(self, words: &[&str], current: &str) -> Result<String, Invalid> {
        match self {
            Kind::Words => Ok(spaced(&present(words))),
            Kind::Choices(names) => choices(names, words),
            Kind::Save => save(&present(words)),
            Kind::Limits => limits::merge(current, &present(words)),
            single => match words {
                [word] => single.one(word),
                _ => Err(Invalid::WrongNumber),
            },
        }
    }

    fn one(self, word: &str) -> Result<String, Invalid> {
        match self {
            Kind::Integer { min, max, .. } => in_range(integer(word)?, min, max),
            Kind::Clamped { low, high } => {
                in_range(integer(word)?, 0, i32::MAX.into())?;
                Ok(integer(word)?.clamp(low, high).to_string())
            }
            Kind::Memory(min) => in_range(memory(word).ok_or(Invalid::NotMemory)?, min, i64::MAX),
            Kind::MemoryOrPercent => {
                percent(word).or_else(|| memory(word).map(|n| n.to_string())).ok_or(Invalid::NotMemoryOrPercent)
            }
            Kind::Octal => octal(word),
            Kind::YesNo => choice(&["yes", "no"], word).ok_or(Invalid::NotYesNo),
            Kind::Choice(names) => choice(names, word).ok_or(Invalid::NotOneOf(names)),
            Kind::Events => events::canonical(word),
            Kind::Hostname => hostname(word),
            _ => Ok(word.to_owned()),
        }
    }

    /// The lines of a file that give this value again, each the words after the name, quoted where it needs it.
    pub(super) fn lines(self, value: &str) -> Vec<String> {
        match self {
            Kind::Limits => limits::lines(value),
            Kind::Memory(_) | Kind::MemoryOrPercent => vec![human_text(value)],
            _ if self.takes_words() && !value.is_empty() => {
                vec![spaced(&value.split(' ').map(super::words::quoted).collect::<Vec<_>>())]
            }
            _ => vec![super::words::quoted(value)],
        }
    }
}

/// Splits a CONFIG SET value of a kind that takes words. Two spaces make an empty word, as in the reference.
pub(super) fn split(value: &str) -> Vec<&str> {
    if value.is_empty() { Vec::new() } else { value.split(' ').collect() }
}

/// `""` in a file stands for no words at all.
fn present<'a>(words: &[&'a str]) -> Vec<&'a str> {
    if words == [""] { Vec::new() } else { words.to_vec() }
}

fn spaced<T: AsRef<str>>(words: &[T]) -> String {
    words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ")
}

/// A whole number in its only form: no sign but `-`, no leading zero, no blank.
fn integer(word: &str) -> Result<i64, Invalid> {
    word.parse::<i64>().ok().filter(|n| itoa::Buffer::new().format(*n) == word).ok_or(Invalid::NotInteger)
}

fn in_range(n: i64, min: i64, max: i64) -> Result<String, Invalid> {
    if (min..=max).contains(&n) { Ok(n.to_string()) } else { Err(Invalid::OutOfRange { min, max }) }
}

/// Parses a memory size. `k m g` are powers of 1000, `kb mb gb` powers of 1024, any case; nothing beyond `i64::MAX`.
pub fn memory(word: &str) -> Option<i64> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = word.split_at_checked(digits)?;
    let factor: i64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

/// Writes a size with the largest unit that divides it.
pub fn human(bytes: i64) -> String {
    [(30, "gb"), (20, "mb"), (10, "kb")]
        .into_iter()
        .find(|(shift, _)| bytes >= 1 << shift && bytes % (1 << shift) == 0)
        .map_or_else(|| bytes.to_string(), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

/// [`human`] of a canonical value, which may also be a percentage.
pub(super) fn human_text(value: &str) -> String {
    value.parse().map_or_else(|_| value.to_owned(), human)
}

fn percent(word: &str) -> Option<String> {
    let n: u8 = word.strip_suffix('%')?.parse().ok()?;
    (n <= 100).then(|| format!("{n}%"))
}

fn octal(word: &str) -> Result<String, Invalid> {
    let mode = u32::from_str_radix(word, 8).ok().filter(|_| !word.starts_with('+')).ok_or(Invalid::NotOctal)?;
    if mode <= 0o777 { Ok(format!("{mode:o}")) } else { Err(Invalid::OutOfRange { min: 0, max: 0o777 }) }
}

fn hostname(word: &str) -> Result<String, Invalid> {
    if word.len() >= LONGEST_HOSTNAME {
        return Err(Invalid::HostnameLength);
    }
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if word.bytes().all(is_part) { Ok(word.to_owned()) } else { Err(Invalid::Hostname) }
}

fn choice(names: &[&'static str], word: &str) -> Option<String> {
    names.iter().find(|name| name.eq_ignore_ascii_case(word)).map(|name| (*name).to_owned())
}

fn choices(names: &'static [&'static str], words: &[&str]) -> Result<String, Invalid> {
    let known: Option<Vec<String>> = words.iter().map(|word| choice(names, word)).collect();
    known.filter(|words| !words.is_empty()).map(|words| spaced(&words)).ok_or(Invalid::NotOneOf(names))
}

fn save(words: &[&str]) -> Result<String, Invalid> {
    let even = words.len().is_multiple_of(2);
    let valid = words.iter().enumerate().all(|(i, word)| {
        let least = if i % 2 == 0 { 1 } else { 0 };
        integer(word).is_ok_and(|n| (least..=i32::MAX.into()).contains(&n))
    });
    if even && valid { Ok(spaced(words)) } else { Err(Invalid::Save) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Kind = Kind::Integer { min: 0, max: 500, unit: Unit::None };

    #[test]
    fn memory_sizes_as_the_reference_reads_them() {
        for (word, bytes) in [
            ("1", 1),
            ("1b", 1),
            ("1k", 1000),
            ("1kb", 1024),
            ("1KB", 1024),
            ("1m", 1_000_000),
            ("1mb", 1 << 20),
            ("1g", 1_000_000_000),
            ("1GB", 1 << 30),
            ("007", 7),
        ] {
            assert_eq!(memory(word), Some(bytes), "{word}");
        }
        for word in ["", "gb", "-1", "+5", "1t", "1.5gb", " 1", "1 ", "0x10", "1gbx", "8589934592gb", "1ä"] {
            assert_eq!(memory(word), None, "{word}");
        }
    }

    #[test]
    fn sizes_are_written_with_the_largest_unit_that_fits() {
        for (bytes, text) in [(0, "0"), (1000, "1000"), (1024, "1kb"), (1536 << 20, "1536mb"), (3 << 30, "3gb")] {
            assert_eq!(human(bytes), text);
            assert_eq!(memory(text), Some(bytes));
        }
    }

    #[test]
    fn integers_have_one_form() {
        assert_eq!(COUNT.canonical(&["5"], ""), Ok("5".into()));
        for word in ["+5", "05", " 5", "5 ", "5k", "1e3", "", "9223372036854775808", "-0"] {
            assert_eq!(COUNT.canonical(&[word], ""), Err(Invalid::NotInteger), "{word}");
        }
        for word in ["-1", "501"] {
            assert_eq!(COUNT.canonical(&[word], ""), Err(Invalid::OutOfRange { min: 0, max: 500 }));
        }
        for words in [&[][..], &["1", "2"]] {
            assert_eq!(COUNT.canonical(words, ""), Err(Invalid::WrongNumber));
        }
    }

    #[test]
    fn clamped_numbers_come_into_range() {
        let hz = Kind::Clamped { low: 1, high: 500 };
        assert_eq!(hz.canonical(&["0"], ""), Ok("1".into()));
        assert_eq!(hz.canonical(&["501"], ""), Ok("500".into()));
        assert_eq!(hz.canonical(&["-1"], ""), Err(Invalid::OutOfRange { min: 0, max: i32::MAX.into() }));
    }

    #[test]
    fn names_ignore_case_but_nothing_else() {
        let fsync = Kind::Choice(&["everysec", "always", "no"]);
        assert_eq!(fsync.canonical(&["ALWAYS"], ""), Ok("always".into()));
        assert!(fsync.canonical(&["no "], "").is_err());
        assert_eq!(Kind::YesNo.canonical(&["Yes"], ""), Ok("yes".into()));
        assert_eq!(Kind::YesNo.canonical(&["true"], ""), Err(Invalid::NotYesNo));
        let signals = Kind::Choices(&["default", "save", "force"]);
        assert_eq!(signals.canonical(&["save", "FORCE"], ""), Ok("save force".into()));
        assert!(signals.canonical(&[], "").is_err());
    }

    #[test]
    fn save_takes_pairs() {
        for (value, ok) in [
            ("", true),
            ("3600 1", true),
            ("1 0", true),
            ("3600", false),
            ("0 1", false),
            ("a b", false),
            ("1  1", false),
        ] {
            assert_eq!(Kind::Save.canonical(&split(value), "").is_ok(), ok, "{value}");
        }
    }

    #[test]
    fn modes_and_percentages() {
        assert_eq!(Kind::Octal.canonical(&["700"], ""), Ok("700".into()));
        assert_eq!(Kind::Octal.canonical(&["9"], ""), Err(Invalid::NotOctal));
        assert_eq!(Kind::MemoryOrPercent.canonical(&["5%"], ""), Ok("5%".into()));
        assert_eq!(Kind::MemoryOrPercent.canonical(&["1k"], ""), Ok("1000".into()));
        assert_eq!(Kind::MemoryOrPercent.canonical(&["101%"], ""), Err(Invalid::NotMemoryOrPercent));
    }

    #[test]
    fn lines_read_back_as_the_value() {
        assert_eq!(Kind::Memory(0).lines("1048576"), ["1mb"]);
        assert_eq!(Kind::Words.lines(""), ["\"\""]);
        assert_eq!(Kind::Words.lines("127.0.0.1 -::1"), ["127.0.0.1 -::1"]);
        assert_eq!(Kind::Text.lines("a b"), ["\"a b\""]);
    }
}
