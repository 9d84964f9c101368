//! Reads an expected reply in redis-cli's notation, on one line or on several.
//!
//! `1)` after something that is no value yet opens an array. A later `n)` belongs to the innermost open array that
//! waits for its n-th item; at the start of a line its column decides instead, as it does for the human reader.

use crate::Pattern;
use crate::words::quoted;

/// Reads the lines of one expected reply.
///
/// # Errors
/// Says which line is not understood and why.
pub fn parse(lines: &[String]) -> Result<Pattern, String> {
    let mut parser = Parser::default();
    for line in lines {
        parser.line(line).map_err(|why| format!("{why}: {line}"))?;
    }
    parser.finish()
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Array,
    Map,
    Set,
    Push,
}

struct Frame {
    kind: Kind,
    column: usize,
    items: Vec<Pattern>,
}

impl Frame {
    /// The index of the item that may come next; none between a key and its value.
    fn next(&self) -> Option<usize> {
        match self.kind {
            Kind::Map if self.items.len() % 2 == 1 => None,
            Kind::Map => Some(self.items.len() / 2 + 1),
            _ => Some(self.items.len() + 1),
        }
    }

    fn close(self) -> Pattern {
        match self.kind {
            Kind::Array => Pattern::Array(self.items),
            Kind::Set => Pattern::Set(self.items),
            Kind::Push => Pattern::Push(self.items),
            Kind::Map => Pattern::Map(pairs(self.items)),
        }
    }
}

fn pairs(items: Vec<Pattern>) -> Vec<(Pattern, Pattern)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::new();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        pairs.push((key, value));
    }
    pairs
}

#[derive(Default)]
struct Parser {
    open: Vec<Frame>,
    root: Option<Pattern>,
    /// An index or an arrow was read and its value was not.
    owed: bool,
    push: bool,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut at = 0;
        let mut first = true;
        loop {
            at += line[at..].len() - line[at..].trim_start().len();
            let rest = &line[at..];
            if rest.is_empty() {
                return Ok(());
            }
            at += match index(rest) {
                Some((n, kind, used)) => self.index(n, kind, at + used - 1, first).map(|()| used)?,
                None => self.scalar(rest)?,
            };
            first = false;
        }
    }

    fn index(&mut self, n: usize, kind: Kind, column: usize, first: bool) -> Result<(), String> {
        if self.root.is_none() && (self.open.is_empty() || self.owed) {
            if n != 1 {
                return Err(format!("a list starts with 1, not {n}"));
            }
            let kind = if std::mem::take(&mut self.push) { Kind::Push } else { kind };
            self.open.push(Frame { kind, column, items: Vec::new() });
            self.owed = true;
            return Ok(());
        }
        while let Some(top) = self.open.last() {
            if top.next() == Some(n) && (!first || top.column == column) {
                self.owed = true;
                return Ok(());
            }
            let Some(frame) = self.open.pop() else { break };
            self.add(frame.close())?;
        }
        Err(format!("nothing waits for an item {n}"))
    }

    fn scalar(&mut self, rest: &str) -> Result<usize, String> {
        if let Some(after) = rest.strip_prefix("=>") {
            self.owed = true;
            return Ok(rest.len() - after.len());
        }
        if rest.strip_prefix("(push)").is_some() {
            self.push = true;
            return Ok("(push)".len());
        }
        let (pattern, used) = scalar(rest)?;
        if !self.owed && !self.open.is_empty() {
            return Err("a value without an index".into());
        }
        self.owed = false;
        self.add(pattern)?;
        Ok(used)
    }

    fn add(&mut self, pattern: Pattern) -> Result<(), String> {
        match self.open.last_mut() {
            Some(frame) => frame.items.push(pattern),
            None if self.root.is_some() => return Err("text after the end of the reply".into()),
            None => self.root = Some(pattern),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Pattern, String> {
        if self.owed {
            return Err("an index without a value".into());
        }
        while let Some(frame) = self.open.pop() {
            self.add(frame.close())?;
        }
        self.root.ok_or_else(|| "no expected reply".to_owned())
    }
}

/// `12)`, `12#` or `12~` followed by a blank: the number, what it opens, its length.
fn index(text: &str) -> Option<(usize, Kind, usize)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let kind = match text.as_bytes().get(digits)? {
        b')' => Kind::Array,
        b'#' => Kind::Map,
        b'~' => Kind::Set,
        _ => return None,
    };
    let ends = text.as_bytes().get(digits + 1).is_none_or(|b| *b == b' ');
    (ends && digits > 0).then(|| Some((text[..digits].parse().ok()?, kind, digits + 1)))?
}

fn scalar(text: &str) -> Result<(Pattern, usize), String> {
    for (form, pattern) in FIXED {
        if text.starts_with(form) {
            return Ok((pattern(), form.len()));
        }
    }
    if let Some(message) = text.strip_prefix("(error) \"") {
        let (bytes, used) = quoted(&text.as_bytes()[text.len() - message.len() - 1..])?;
        return Ok((Pattern::Error(bytes), "(error) ".len() + used));
    }
    if let Some(message) = text.strip_prefix("(error) ") {
        return Ok((Pattern::Error(message.as_bytes().to_vec()), text.len()));
    }
    if let Some(rest) = text.strip_prefix("(integer) ") {
        let (word, used) = word(rest);
        let number =
            if word == "~" { Pattern::Number } else { Pattern::Integer(word.parse().map_err(|_| "no integer")?) };
        return Ok((number, text.len() - rest.len() + used));
    }
    for (prefix, build) in WRAPPED {
        if let Some(rest) = text.strip_prefix(prefix) {
            let (inner, used) = scalar(rest)?;
            return Ok((build(inner)?, prefix.len() + used));
        }
    }
    if text.starts_with('"') {
        return quoted(text.as_bytes()).map(|(bytes, used)| (Pattern::Text(bytes), used));
    }
    if text.starts_with("~\"") {
        return quoted(&text.as_bytes()[1..]).map(|(bytes, used)| (Pattern::Glob(bytes), used + 1));
    }
    bare(text)
}

type Build = fn(Pattern) -> Result<Pattern, String>;

const WRAPPED: [(&str, Build); 4] = [
    ("(double) ", |inner| Ok(Pattern::Double(status(inner)?))),
    ("(big number) ", |inner| Ok(Pattern::BigNumber(status(inner)?))),
    ("(verbatim) ", |inner| Ok(Pattern::Verbatim(Box::new(inner)))),
    ("(status) ", |inner| match inner {
        Pattern::Text(bytes) => Ok(Pattern::Status(bytes)),
        _ => Err("(status) wants a quoted text".into()),
    }),
];

type Make = fn() -> Pattern;

const FIXED: [(&str, Make); 8] = [
    ("(nil array)", || Pattern::NilArray),
    ("(nil)", || Pattern::Nil),
    ("(any)", || Pattern::Any),
    ("(true)", || Pattern::Boolean(true)),
    ("(false)", || Pattern::Boolean(false)),
    ("(empty array)", || Pattern::Array(Vec::new())),
    ("(empty map)", || Pattern::Map(Vec::new())),
    ("(empty set)", || Pattern::Set(Vec::new())),
];

fn status(pattern: Pattern) -> Result<String, String> {
    match pattern {
        Pattern::Status(bytes) => String::from_utf8(bytes).map_err(|e| e.to_string()),
        _ => Err("a bare word is wanted".into()),
    }
}

fn word(text: &str) -> (&str, usize) {
    let used = text.find(' ').unwrap_or(text.len());
    (&text[..used], used)
}

/// `~`, `$name`, or a status: everything up to the next index.
fn bare(text: &str) -> Result<(Pattern, usize), String> {
    let (first, used) = word(text);
    if first == "~" {
        return Ok((Pattern::Number, used));
    }
    if let Some(name) = first.strip_prefix('$') {
        return Ok((Pattern::Name(name.to_owned()), used));
    }
    let end = text.match_indices(' ').map(|(at, _)| at).find(|at| {
        let rest = text[*at..].trim_start();
        index(rest).is_some() || rest.starts_with("=>")
    });
    let end = end.unwrap_or(text.len());
    Ok((Pattern::Status(text.as_bytes()[..end].to_vec()), end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Pattern {
        parse(&text.lines().map(str::to_owned).collect::<Vec<_>>()).expect("well formed")
    }

    #[test]
    fn one_line_and_many_say_the_same() {
        let one = read(r#"1) 1) "s" 2) 1) 1) $id 2) 1) "f" 2) "v""#);
        let many = read("1) 1) \"s\"\n   2) 1) 1) $id\n         2) 1) \"f\"\n            2) \"v\"");
        assert_eq!(one, many);
    }

    #[test]
    fn a_column_closes_what_is_deeper() {
        let nested = read("1) 1) (integer) 1\n2) 1) (integer) 2");
        let one = |n| Pattern::Array(vec![Pattern::Integer(n)]);
        assert_eq!(nested, Pattern::Array(vec![one(1), one(2)]));
    }

    #[test]
    fn a_map_may_hold_arrays() {
        let map = read("1# \"a\" => 1) OK 2) OK 2# \"b\" => (nil)");
        assert!(matches!(map, Pattern::Map(pairs) if pairs.len() == 2));
    }
}
