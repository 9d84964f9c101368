//! Writes replies and patterns in the notation that [`crate::notation`] reads: short ones on one line, long ones as
//! redis-cli lays them out.

use crate::words::quote;
use crate::{Pattern, Value, notation};

/// Lines longer than this are broken where a list begins.
const WIDTH: usize = 110;

/// The lines of a pattern.
#[must_use]
pub fn lines(pattern: &Pattern) -> Vec<String> {
    let mut out = Vec::new();
    write(pattern, String::new(), &mut out);
    out
}

/// A reply as text, for messages.
#[must_use]
pub fn value(value: &Value) -> String {
    lines(&exact(value)).join("\n")
}

/// The pattern that only `value` matches, over the protocol that it came by.
#[must_use]
pub fn exact(value: &Value) -> Pattern {
    let list = |items: &Vec<Value>| items.iter().map(exact).collect();
    match value {
        Value::Simple(b) if b == b"~" => Pattern::Number,
        Value::Simple(b) => Pattern::Status(b.clone()),
        Value::Error(b) => Pattern::Error(b.clone()),
        Value::Integer(n) => Pattern::Integer(*n),
        Value::Bulk(b) => Pattern::Text(b.clone()),
        Value::Verbatim(b) => Pattern::Verbatim(Box::new(Pattern::Text(b.clone()))),
        Value::Double(d) => Pattern::Double(d.clone()),
        Value::BigNumber(d) => Pattern::BigNumber(d.clone()),
        Value::Boolean(b) => Pattern::Boolean(*b),
        Value::NullBulk | Value::Null => Pattern::Nil,
        Value::NullArray => Pattern::NilArray,
        Value::Array(items) => Pattern::Array(list(items)),
        Value::Set(items) => Pattern::Set(list(items)),
        Value::Push(items) => Pattern::Push(list(items)),
        Value::Map(pairs) => Pattern::Map(pairs.iter().map(|(k, v)| (exact(k), exact(v))).collect()),
    }
}

fn write(pattern: &Pattern, lead: String, out: &mut Vec<String>) {
    let flat = inline(pattern);
    let fits = lead.len() + flat.len() <= WIDTH
        && is_plain(pattern)
        && notation::parse(std::slice::from_ref(&flat)).as_ref() == Ok(pattern);
    match pattern {
        Pattern::Array(items) if !fits => list(items, ')', lead, out),
        Pattern::Set(items) if !fits => list(items, '~', lead, out),
        Pattern::Push(items) if !fits => list(items, ')', lead + "(push) ", out),
        Pattern::Map(pairs) if !fits => map(pairs, lead, out),
        Pattern::Status(bytes) if !fits => out.push(format!("{lead}(status) {}", quote(bytes))),
        _ => out.push(lead + &flat),
    }
}

/// Whether one line can be read at a glance: no list in it holds two lists.
fn is_plain(pattern: &Pattern) -> bool {
    let inner: Vec<&Pattern> = match pattern {
        Pattern::Array(items) | Pattern::Set(items) | Pattern::Push(items) => items.iter().collect(),
        Pattern::Map(pairs) => pairs.iter().map(|(_, value)| value).collect(),
        _ => return true,
    };
    let is_list = |p: &&&Pattern| matches!(p, Pattern::Array(_) | Pattern::Map(_) | Pattern::Set(_) | Pattern::Push(_));
    inner.iter().filter(is_list).count() < 2 && inner.into_iter().all(is_plain)
}

fn list(items: &[Pattern], mark: char, lead: String, out: &mut Vec<String>) {
    let digits = items.len().to_string().len();
    let mut lead = lead;
    for (at, item) in items.iter().enumerate() {
        let blank = " ".repeat(lead.len());
        write(item, format!("{lead}{:>digits$}{mark} ", at + 1), out);
        lead = blank;
    }
}

fn map(pairs: &[(Pattern, Pattern)], lead: String, out: &mut Vec<String>) {
    let digits = pairs.len().to_string().len();
    let mut lead = lead;
    for (at, (key, value)) in pairs.iter().enumerate() {
        let blank = " ".repeat(lead.len());
        write(value, format!("{lead}{:>digits$}# {} => ", at + 1, inline(key)), out);
        lead = blank;
    }
}

fn inline(pattern: &Pattern) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match pattern {
        Pattern::Status(b) => text(b),
        // A blank at the end would be lost in an editor.
        Pattern::Error(b) if b.ends_with(b" ") || b.contains(&b'\n') => format!("(error) {}", quote(b)),
        Pattern::Error(b) => format!("(error) {}", text(b)),
        Pattern::Integer(n) => format!("(integer) {n}"),
        Pattern::Number => "~".into(),
        Pattern::Any => "(any)".into(),
        Pattern::Text(b) => quote(b),
        Pattern::Glob(b) => format!("~{}", quote(b)),
        Pattern::Name(name) => format!("${name}"),
        Pattern::Nil => "(nil)".into(),
        Pattern::NilArray => "(nil array)".into(),
        Pattern::Double(d) => format!("(double) {d}"),
        Pattern::BigNumber(d) => format!("(big number) {d}"),
        Pattern::Boolean(b) => format!("({b})"),
        Pattern::Verbatim(inner) => format!("(verbatim) {}", inline(inner)),
        Pattern::Array(items) if items.is_empty() => "(empty array)".into(),
        Pattern::Map(pairs) if pairs.is_empty() => "(empty map)".into(),
        Pattern::Set(items) if items.is_empty() => "(empty set)".into(),
        Pattern::Array(items) => numbered(items, ')'),
        Pattern::Set(items) => numbered(items, '~'),
        Pattern::Push(items) => format!("(push) {}", numbered(items, ')')),
        Pattern::Map(pairs) => {
            let pair =
                |(at, (k, v)): (usize, &(Pattern, Pattern))| format!("{}# {} => {}", at + 1, inline(k), inline(v));
            pairs.iter().enumerate().map(pair).collect::<Vec<_>>().join(" ")
        }
    }
}

fn numbered(items: &[Pattern], mark: char) -> String {
    let item = |(at, item): (usize, &Pattern)| format!("{}{mark} {}", at + 1, inline(item));
    items.iter().enumerate().map(item).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text = |t: &str| Pattern::Text(t.into());
        let entry = Pattern::Array(vec![text("1-1"), Pattern::Array(vec![text("f"), text(&"v".repeat(90))])]);
        let samples = [
            Pattern::Array(vec![Pattern::Array(vec![text("a")]), Pattern::Array(vec![text("b")])]),
            Pattern::Array(vec![entry.clone(); 11]),
            Pattern::Map(vec![(text("k"), Pattern::Array(vec![entry])), (text("l"), Pattern::NilArray)]),
            Pattern::Array(vec![Pattern::Error(b"ERR 1) no".to_vec()), Pattern::Status(b"  two words".to_vec())]),
        ];
        for sample in samples {
            assert_eq!(notation::parse(&lines(&sample)), Ok(sample));
        }
    }
}
