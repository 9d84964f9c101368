//! The words and signs of a Lua text, one after the other, without comments.
//!
//! Whether they make sense together is Lua's to say: any bytes are taken. Must never know: the machine.

/// Walks a text; a copy looks ahead.
#[derive(Clone, Copy, Debug)]
pub struct Words<'t> {
    text: &'t [u8],
    at: usize,
}

/// Where a word begins and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub start: usize,
    pub end: usize,
}

impl<'t> Words<'t> {
    pub fn of(text: &'t [u8]) -> Words<'t> {
        Words { text, at: 0 }
    }

    /// The bytes of the next word; none at the end.
    pub fn next_bytes(&mut self) -> &'t [u8] {
        let text = self.text;
        self.next().map_or(b"", |word| &text[word.start..word.end])
    }
}

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        while self.at < self.text.len() {
            let start = self.at;
            let (len, is_word) = measure(&self.text[start..]);
            self.at = (start + len).min(self.text.len());
            if is_word {
                return Some(Word { start, end: self.at });
            }
        }
        None
    }
}

/// Something to insert, and where.
pub type Edit = (usize, &'static [u8]);

/// The text with what is to be inserted.
pub fn insert(text: &[u8], edits: &mut [Edit]) -> Vec<u8> {
    edits.sort_by_key(|(at, _)| *at);
    let mut out = Vec::with_capacity(text.len() + edits.iter().map(|(_, insert)| insert.len()).sum::<usize>());
    let mut from = 0;
    for (at, insert) in edits {
        out.extend_from_slice(&text[from..*at]);
        out.extend_from_slice(insert);
        from = *at;
    }
    out.extend_from_slice(&text[from..]);
    out
}

/// How long what begins here is, and whether it is a word or a sign.
fn measure(rest: &[u8]) -> (usize, bool) {
    match rest {
        [b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c, ..] => (1, false),
        [b'-', b'-', after @ ..] => (2 + comment(after), false),
        [b'[', ..] if level(rest).is_some() => (long_bracket(rest), true),
        [quote @ (b'"' | b'\''), ..] => (string(rest, *quote), true),
        [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (number(rest), true),
        [byte, ..] if is_of_name(*byte) => (name(rest), true),
        _ => (1, true),
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn name(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_of_name(**byte)).count()
}

fn number(text: &[u8]) -> usize {
    let exponent = if matches!(text, [b'0', b'x' | b'X', ..]) { b'p' } else { b'e' };
    let mut len = 0;
    while let Some(&byte) = text.get(len) {
        let signed = len > 0 && text[len - 1] | 0x20 == exponent && matches!(byte, b'+' | b'-');
        if !(is_of_name(byte) || byte == b'.' || signed) {
            break;
        }
        len += 1;
    }
    len
}

/// A string in quotes; one that is not closed ends with its line.
fn string(text: &[u8], quote: u8) -> usize {
    let mut len = 1;
    while let Some(&byte) = text.get(len) {
        match byte {
            // An end of line of two characters counts as one.
            b'\\' => len += if matches!(text[len + 1..], [b'\r', b'\n', ..] | [b'\n', b'\r', ..]) { 3 } else { 2 },
            b'\n' | b'\r' => return len,
            _ if byte == quote => return len + 1,
            _ => len += 1,
        }
    }
    len
}

/// The level of a long bracket that begins here.
fn level(text: &[u8]) -> Option<usize> {
    let count = text.strip_prefix(b"[")?.iter().take_while(|b| **b == b'=').count();
    (text.get(count + 1) == Some(&b'[')).then_some(count)
}

fn long_bracket(text: &[u8]) -> usize {
    let level = level(text).unwrap_or(0);
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    let open = level + 2;
    memchr::memmem::find(&text[open..], &close).map_or(text.len(), |at| open + at + close.len())
}

fn comment(after: &[u8]) -> usize {
    match level(after) {
        Some(_) => long_bracket(after),
        None => memchr::memchr2(b'\n', b'\r', after).unwrap_or(after.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        Words::of(text.as_bytes()).map(|word| &text[word.start..word.end]).collect()
    }

    #[test]
    fn what_a_word_is() {
        assert_eq!(words("a.b('x')--c\r'd'"), ["a", ".", "b", "(", "'x'", ")", "'d'"]);
        assert_eq!(words("[==[ ]] ]==]..[[x]]--[[ 'y' ]]z"), ["[==[ ]] ]==]", ".", ".", "[[x]]", "z"]);
        assert_eq!(words(r#"'a\'b' "\\" '\"#), [r"'a\'b'", r#""\\""#, r"'\"]);
        assert_eq!(words("'a\nb'\\"), ["'a", "b", "'\\"]);
        assert_eq!(words("'a\\\r\nb'c"), ["'a\\\r\nb'", "c"]);
        assert_eq!(words("'a\\\n\rb'c"), ["'a\\\n\rb'", "c"]);
        assert_eq!(words("1e+5+0x1e+5+0X1P-2"), ["1e+5", "+", "0x1e", "+", "5", "+", "0X1P-2"]);
        assert_eq!(words("[=x --[=x\ny[[z"), ["[", "=", "x", "y", "[[z"]);
    }
}
