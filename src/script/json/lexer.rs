//! JSON as tokens. More is accepted than JSON has: hexadecimal numbers, infinities, raw line breaks in strings, as the
//! reference does. A zero byte ends the text.

/// A token.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    ObjectBegin,
    ObjectEnd,
    ArrayBegin,
    ArrayEnd,
    Colon,
    Comma,
    String(Vec<u8>),
    Number(f64),
    Boolean(bool),
    Null,
    End,
    /// None of these, and why.
    Bad(&'static str),
}

impl Token {
    /// As error messages name it.
    pub fn name(&self) -> &'static str {
        match self {
            Token::ObjectBegin => "T_OBJ_BEGIN",
            Token::ObjectEnd => "T_OBJ_END",
            Token::ArrayBegin => "T_ARR_BEGIN",
            Token::ArrayEnd => "T_ARR_END",
            Token::Colon => "T_COLON",
            Token::Comma => "T_COMMA",
            Token::String(_) => "T_STRING",
            Token::Number(_) => "T_NUMBER",
            Token::Boolean(_) => "T_BOOLEAN",
            Token::Null => "T_NULL",
            Token::End => "T_END",
            Token::Bad(why) => why,
        }
    }
}

/// Reads tokens off a text.
pub struct Lexer<'a> {
    text: &'a [u8],
    /// Where the next token is looked for.
    pub at: usize,
    /// Where the last token began.
    pub began: usize,
    any_number: bool,
}

impl<'a> Lexer<'a> {
    /// At the start of `text`; `any_number` accepts numbers that JSON does not have.
    pub fn new(text: &'a [u8], any_number: bool) -> Lexer<'a> {
        Lexer { text, at: 0, began: 0, any_number }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next token.
    pub fn next(&mut self) -> Token {
        while matches!(self.peek(0), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
        self.began = self.at;
        let single = match self.peek(0) {
            b'{' => Token::ObjectBegin,
            b'}' => Token::ObjectEnd,
            b'[' => Token::ArrayBegin,
            b']' => Token::ArrayEnd,
            b':' => Token::Colon,
            b',' => Token::Comma,
            0 => return Token::End,
            b'"' => return self.string(),
            b'+' if !self.any_number => return Token::Bad("invalid token"),
            b'-' | b'+' | b'0'..=b'9' => return self.number(),
            _ => return self.word(),
        };
        self.at += 1;
        single
    }

    fn takes(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn word(&mut self) -> Token {
        if self.takes(b"true") {
            return Token::Boolean(true);
        }
        if self.takes(b"false") {
            return Token::Boolean(false);
        }
        if self.takes(b"null") {
            return Token::Null;
        }
        let rest = &self.text[self.at..];
        let begins = |word: &[u8]| rest.len() >= word.len() && rest[..word.len()].eq_ignore_ascii_case(word);
        if self.any_number && (begins(b"inf") || begins(b"nan")) { self.number() } else { Token::Bad("invalid token") }
    }

    fn number(&mut self) -> Token {
        let rest = &self.text[self.at..];
        if !self.any_number && !is_strict(rest) {
            return Token::Bad("invalid number");
        }
        match prefix(rest) {
            Some((value, len)) => {
                self.at += len;
                Token::Number(value)
            }
            None => Token::Bad("invalid number"),
        }
    }

    fn string(&mut self) -> Token {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0)).unwrap_or(rest.len());
            out.extend_from_slice(&rest[..plain]);
            self.at += plain;
            match self.peek(0) {
                b'"' => {
                    self.at += 1;
                    return Token::String(out);
                }
                b'\\' => {
                    if let Err(why) = self.escape(&mut out) {
                        self.began = self.at;
                        return Token::Bad(why);
                    }
                }
                _ => {
                    self.began = self.at;
                    return Token::Bad("unexpected end of string");
                }
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let byte = match self.peek(1) {
            b'"' => b'"',
            b'\\' => b'\\',
            b'/' => b'/',
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode(out).ok_or("invalid unicode escape code"),
            _ => return Err("invalid escape code"),
        };
        self.at += 2;
        out.push(byte);
        Ok(())
    }

    fn unicode(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let first = self.hex(2)?;
        let (code, len) = match first {
            0xd800..0xdc00 => {
                let second = (self.peek(6) == b'\\' && self.peek(7) == b'u').then(|| self.hex(8)).flatten()?;
                if !(0xdc00..0xe000).contains(&second) {
                    return None;
                }
                (0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00), 12)
            }
            code => (code, 6),
        };
        let letter = char::from_u32(code)?;
        out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        self.at += len;
        Some(())
    }

    fn hex(&self, ahead: usize) -> Option<u32> {
        (0..4).try_fold(0, |code, i| Some(code * 16 + char::from(self.peek(ahead + i)).to_digit(16)?))
    }
}

/// Whether a number begins as JSON allows.
fn is_strict(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0', b'0'..=b'9' | b'x' | b'X', ..] => false,
        [b'0'..=b'9', ..] => true,
        _ => false,
    }
}

/// The longest number that a text begins with, and its length.
fn prefix(text: &[u8]) -> Option<(f64, usize)> {
    let sign = usize::from(matches!(text.first(), Some(b'-' | b'+')));
    let body = &text[sign..];
    let begins = |word: &[u8]| body.len() >= word.len() && body[..word.len()].eq_ignore_ascii_case(word);
    let (value, len) = if begins(b"infinity") {
        (f64::INFINITY, 8)
    } else if begins(b"inf") {
        (f64::INFINITY, 3)
    } else if begins(b"nan") {
        (f64::NAN, 3)
    } else if let Some(found) = hexadecimal(body) {
        found
    } else {
        decimal(body)?
    };
    Some((if text.first() == Some(&b'-') { -value } else { value }, sign + len))
}

fn digits(text: &[u8], is_digit: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|b| is_digit(b)).count()
}

/// Digits, a point and digits: how many, and how many of them are digits.
fn mantissa(text: &[u8], is_digit: fn(&u8) -> bool) -> (usize, usize) {
    let whole = digits(text, is_digit);
    if text.get(whole) != Some(&b'.') {
        return (whole, whole);
    }
    let fraction = digits(&text[whole + 1..], is_digit);
    (whole + 1 + fraction, whole + fraction)
}

/// The length of an exponent; 0 if there is none.
fn exponent(text: &[u8], letter: u8) -> usize {
    if !text.first().is_some_and(|b| b.eq_ignore_ascii_case(&letter)) {
        return 0;
    }
    let sign = usize::from(matches!(text.get(1), Some(b'-' | b'+')));
    let count = digits(&text[1 + sign..], u8::is_ascii_digit);
    if count == 0 { 0 } else { 1 + sign + count }
}

fn decimal(text: &[u8]) -> Option<(f64, usize)> {
    let (len, count) = mantissa(text, u8::is_ascii_digit);
    if count == 0 {
        return None;
    }
    let len = len + exponent(&text[len..], b'e');
    Some((std::str::from_utf8(&text[..len]).ok()?.parse().ok()?, len))
}

fn hexadecimal(text: &[u8]) -> Option<(f64, usize)> {
    let [b'0', b'x' | b'X', body @ ..] = text else { return None };
    let (len, count) = mantissa(body, u8::is_ascii_hexdigit);
    if count == 0 {
        return None;
    }
    let point = body[..len].iter().position(|b| *b == b'.').unwrap_or(len);
    let mut value = 0.0;
    for byte in body[..len].iter().filter(|b| **b != b'.') {
        value = value * 16.0 + f64::from(char::from(*byte).to_digit(16)?);
    }
    let mut scale = -4.0 * (len.saturating_sub(point + 1)) as f64;
    let power = exponent(&body[len..], b'p');
    if power > 0 {
        let text = std::str::from_utf8(&body[len + 1..len + power]).ok()?;
        scale += text.parse::<f64>().ok()?;
    }
    Some((value * scale.exp2(), 2 + len + power))
}
