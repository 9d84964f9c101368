//! redis-cli's quoting: splitting a command line into arguments and writing bytes in double quotes.

use crate::Args;

/// Splits a line as redis-cli does: blanks separate, `"..."` knows `\n \r \t \a \b \xHH`, `'...'` knows `\'`.
///
/// # Errors
/// Names the fault in the quoting.
pub fn split(line: &str) -> Result<Args, String> {
    let mut rest = line.as_bytes();
    let mut words = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Ok(words);
        }
        let (word, used) = word(rest)?;
        words.push(word);
        rest = &rest[used..];
    }
}

fn word(bytes: &[u8]) -> Result<(Vec<u8>, usize), String> {
    match bytes[0] {
        b'"' => {
            let (word, used) = quoted(bytes)?;
            closed(bytes, used).map(|()| (word, used))
        }
        b'\'' => {
            let (word, used) = single(bytes)?;
            closed(bytes, used).map(|()| (word, used))
        }
        _ => {
            let used = bytes.iter().position(u8::is_ascii_whitespace).unwrap_or(bytes.len());
            Ok((bytes[..used].to_vec(), used))
        }
    }
}

fn closed(bytes: &[u8], used: usize) -> Result<(), String> {
    match bytes.get(used) {
        Some(b) if !b.is_ascii_whitespace() => Err("a quote must end its word".into()),
        _ => Ok(()),
    }
}

/// The bytes that a double-quoted literal at the start of `bytes` stands for, and its length.
///
/// # Errors
/// When the closing quote is missing.
pub fn quoted(bytes: &[u8]) -> Result<(Vec<u8>, usize), String> {
    let mut word = Vec::new();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return Ok((word, at + 1)),
            b'\\' => {
                let (byte, used) = escape(&bytes[at + 1..]);
                word.push(byte);
                at += 1 + used;
            }
            _ => {
                word.push(byte);
                at += 1;
            }
        }
    }
    Err(format!("no closing quote: {}", String::from_utf8_lossy(bytes)))
}

fn escape(after: &[u8]) -> (u8, usize) {
    match after.first() {
        Some(b'n') => (b'\n', 1),
        Some(b'r') => (b'\r', 1),
        Some(b't') => (b'\t', 1),
        Some(b'a') => (7, 1),
        Some(b'b') => (8, 1),
        Some(b'x') => {
            match after.get(1..3).and_then(|h| std::str::from_utf8(h).ok()).map(|h| u8::from_str_radix(h, 16)) {
                Some(Ok(byte)) => (byte, 3),
                _ => (b'x', 1),
            }
        }
        Some(&byte) => (byte, 1),
        None => (b'\\', 0),
    }
}

fn single(bytes: &[u8]) -> Result<(Vec<u8>, usize), String> {
    let mut word = Vec::new();
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' => return Ok((word, at + 1)),
            b'\\' if bytes.get(at + 1) == Some(&b'\'') => {
                word.push(b'\'');
                at += 2;
            }
            _ => {
                word.push(byte);
                at += 1;
            }
        }
    }
    Err("no closing quote".into())
}

/// Bytes as a double-quoted literal.
#[must_use]
pub fn quote(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            7 => out.push_str("\\a"),
            8 => out.push_str("\\b"),
            b' '..=b'~' => out.push(byte as char),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// A command line that [`split`] turns back into `args`.
#[must_use]
pub fn join(args: &[Vec<u8>]) -> String {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\');
    let word = |arg: &Vec<u8>| match arg.iter().all(plain) && !arg.is_empty() {
        true => String::from_utf8_lossy(arg).into_owned(),
        false => quote(arg),
    };
    args.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_what_it_splits() {
        let args = split(r#"SET "a b" "\x00\n\"" 'it\'s' ~ $-1"#).expect("well formed");
        assert_eq!(args[2], b"\0\n\"");
        assert_eq!(args[3], b"it's");
        assert_eq!(split(&join(&args)), Ok(args));
    }
}
