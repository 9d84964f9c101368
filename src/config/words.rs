//! One line of a configuration file as words, and words as a line: quotes and escapes.
//!
//! Must never know: options. Read next: `file.rs`.

/// A quote without its partner, or text glued to a closing quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Splits a line at blanks. `"..."` knows `\n \r \t \b \a \xHH` and escapes any other character; `'...'` knows `\'`.
/// A closing quote ends its word. Bytes given by `\xHH` must form UTF-8 with their neighbours.
pub fn split(line: &str) -> Result<Vec<String>, Unbalanced> {
    let mut rest = line.as_bytes();
    let mut words = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            return Ok(words);
        }
        let (word, after) = word(rest)?;
        words.push(String::from_utf8(word).map_err(|_| Unbalanced)?);
        rest = after;
    }
}

fn word(mut rest: &[u8]) -> Result<(Vec<u8>, &[u8]), Unbalanced> {
    let mut word = Vec::new();
    loop {
        match rest {
            [] => return Ok((word, rest)),
            [blank, ..] if blank.is_ascii_whitespace() => return Ok((word, rest)),
            [quote @ (b'"' | b'\''), inner @ ..] => {
                let after = quotation(*quote, inner, &mut word)?;
                return if after.first().is_none_or(u8::is_ascii_whitespace) {
                    Ok((word, after))
                } else {
                    Err(Unbalanced)
                };
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

/// Reads up to the closing quote into `word` and returns what follows it.
fn quotation<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Result<&'a [u8], Unbalanced> {
    loop {
        let (byte, after) = match rest {
            [] => return Err(Unbalanced),
            [end, after @ ..] if *end == quote => return Ok(after),
            [b'\\', b'\'', after @ ..] if quote == b'\'' => (b'\'', after),
            [b'\\', b'x', high, low, after @ ..] if quote == b'"' => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, after),
                _ => (b'x', rest.get(2..).unwrap_or_default()),
            },
            [b'\\', escaped, after @ ..] if quote == b'"' => (escape(*escaped), after),
            [byte, after @ ..] => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok())
}

fn escape(letter: u8) -> u8 {
    match letter {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'a' => 7,
        other => other,
    }
}

/// The word as [`split`] reads it back, in quotes only if it needs them.
pub fn quoted(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\' | b'#') || b >= 0x80;
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    let mut out = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_and_escapes() {
        for (line, words) in [
            ("", &[][..]),
            ("  port\t7000 \r", &["port", "7000"]),
            (r#"appendonly   "yes""#, &["appendonly", "yes"]),
            (r"port '7398'", &["port", "7398"]),
            (r#"a "" '' b"#, &["a", "", "", "b"]),
            (r#"a "x\"y\\z\n\t\x41\xe4""#, &[]),
            (r#"a "x\"y\\z\n\t\x41\xq""#, &["a", "x\"y\\z\n\tAxq"]),
            (r"a 'it\'s \n'", &["a", r"it's \n"]),
            (r#"a b"c""#, &["a", "bc"]),
            ("port 1 # c", &["port", "1", "#", "c"]),
        ] {
            let expected: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            assert_eq!(split(line).unwrap_or_default(), expected, "{line}");
        }
        for line in ["port \"1", "port '1", r#"port "7398"x"#, r#"a "x\"#] {
            assert_eq!(split(line), Err(Unbalanced), "{line}");
        }
    }

    proptest! {
        #[test]
        fn quoted_words_read_back(words in proptest::collection::vec(any::<String>(), 0..4)) {
            let line = words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" ");
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(split(&line), Ok(words));
        }

        #[test]
        fn no_line_panics(line in any::<String>()) {
            let _ = split(&line);
        }
    }
}
