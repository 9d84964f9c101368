//! Inline commands: a line that a person typed, split at blanks, with quotes and escapes as in redis-cli.
//!
//! Unescaping never makes an argument longer, so it is written back over the characters it came from: an inline
//! argument is a span of the read buffer like any other. Must never know: where a line ends, or how long it may be.

use super::ProtocolError;
use crate::command::args::Span;

/// Splits `line`, which starts at offset `base` of its buffer, and appends the arguments to `spans`. May overwrite
/// the line. A blank line has no arguments.
pub(super) fn split(line: &mut [u8], base: usize, spans: &mut Vec<Span>) -> Result<(), ProtocolError> {
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        if is_blank(byte) {
            at += 1;
            continue;
        }
        let (next, end) = argument(line, at)?;
        spans.push(Span { start: (base + at) as u32, end: (base + end) as u32 });
        at = next;
    }
    Ok(())
}

/// The words of a line that is no call but is written like one; none if its quotes do not match.
#[cfg(feature = "scripting")]
pub fn words(line: &[u8]) -> Option<Vec<String>> {
    let (mut line, mut spans) = (line.to_vec(), Vec::new());
    split(&mut line, 0, &mut spans).ok()?;
    let word = |span: &Span| String::from_utf8_lossy(&line[span.start as usize..span.end as usize]).into_owned();
    Some(spans.iter().map(word).collect())
}

/// Unescapes the argument at `start` in place: where reading goes on, and where the argument now ends.
fn argument(line: &mut [u8], start: usize) -> Result<(usize, usize), ProtocolError> {
    let mut at = start;
    while let Some(&byte) = line.get(at) {
        match byte {
            // Not every blank ends a bare word: vertical tab and form feed only separate words from outside.
            b' ' | b'\t' | b'\r' | b'\n' => break,
            // Nothing was unescaped so far, so the word's bytes already stand where they belong.
            b'"' | b'\'' => return quoted(line, at, byte),
            _ => at += 1,
        }
    }
    Ok((at, at))
}

/// Unescapes what follows the quote at `open` to the end of the argument, which is its closing quote.
fn quoted(line: &mut [u8], open: usize, quote: u8) -> Result<(usize, usize), ProtocolError> {
    let (mut at, mut end) = (open + 1, open);
    loop {
        let rest = line.get(at..).unwrap_or(&[]);
        let (byte, used) = match rest {
            [] => return Err(ProtocolError::UnbalancedQuotes),
            [b, after @ ..] if *b == quote => match after.first() {
                Some(&next) if !is_blank(next) => return Err(ProtocolError::UnbalancedQuotes),
                _ => return Ok((at + 1, end)),
            },
            [b'\\', escaped @ ..] if quote == b'"' => unescape(escaped),
            [b'\\', b'\'', ..] => (b'\'', 2),
            [b, ..] => (*b, 1),
        };
        line[end] = byte;
        end += 1;
        at += used;
    }
}

/// The byte that a backslash and what follows it stand for, and how long that is with the backslash.
fn unescape(after: &[u8]) -> (u8, usize) {
    match after {
        [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
            (hex(*high) << 4 | hex(*low), 4)
        }
        [b'n', ..] => (b'\n', 2),
        [b'r', ..] => (b'\r', 2),
        [b't', ..] => (b'\t', 2),
        [b'b', ..] => (0x08, 2),
        [b'a', ..] => (0x07, 2),
        [other, ..] => (*other, 2),
        [] => (b'\\', 1),
    }
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

/// White space of the C locale.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8]) -> Result<Vec<Vec<u8>>, ProtocolError> {
        let (mut line, mut spans) = (line.to_vec(), Vec::new());
        split(&mut line, 100, &mut spans)?;
        Ok(spans.iter().map(|s| line[s.start as usize - 100..s.end as usize - 100].to_vec()).collect())
    }

    fn split_into(line: &[u8], expected: &[&[u8]]) {
        assert_eq!(words(line).unwrap(), expected, "{}", line.escape_ascii());
    }

    // Every expectation below was seen at a redis-server 8.0.6.

    #[test]
    fn words_are_separated_by_any_blank() {
        split_into(b"", &[]);
        split_into(b"   \t ", &[]);
        split_into(b"PING", &[b"PING"]);
        split_into(b"  ECHO\t a  ", &[b"ECHO", b"a"]);
        split_into(b"ECHO a\rb", &[b"ECHO", b"a", b"b"]);
    }

    #[test]
    fn vertical_tab_and_form_feed_separate_only_from_outside() {
        split_into(b"ECHO a\x0bb", &[b"ECHO", b"a\x0bb"]);
        split_into(b"ECHO \x0b\x0ca", &[b"ECHO", b"a"]);
        split_into(b"ECHO \"a\"\x0bb", &[b"ECHO", b"a", b"b"]);
    }

    #[test]
    fn double_quotes_know_escapes() {
        split_into(br#"ECHO "a\x41\n\q\r\t\b\a\"\\""#, &[b"ECHO", b"aA\nq\r\t\x08\x07\"\\"]);
        split_into(br#"ECHO "a\x4""#, &[b"ECHO", b"ax4"]);
        split_into(br#"ECHO "\xfF\x0a""#, &[b"ECHO", b"\xff\n"]);
        split_into(br#"ECHO "\x41\x42" "\x43 d" e"#, &[b"ECHO", b"AB", b"C d", b"e"]);
    }

    #[test]
    fn single_quotes_know_only_their_own_escape() {
        split_into(br"ECHO 'a\'b\n'", &[b"ECHO", br"a'b\n"]);
        split_into(br#"ECHO '"' x"#, &[b"ECHO", b"\"", b"x"]);
    }

    #[test]
    fn a_quote_may_open_inside_a_word_and_ends_it() {
        split_into(br#"ECHO a"b c""#, &[b"ECHO", b"ab c"]);
        split_into(br#"ECHO """#, &[b"ECHO", b""]);
        split_into(br#""""#, &[b""]);
    }

    #[test]
    fn unbalanced_quotes_are_an_error() {
        for line in [r#"ECHO "a"#, "ECHO 'a", r#"ECHO "a"b"#, "ECHO 'a'b", r#"ECHO "a\"#, r#"ECHO "a\""#, r#"a ""'"#] {
            assert_eq!(words(line.as_bytes()), Err(ProtocolError::UnbalancedQuotes), "{line}");
        }
    }
}
