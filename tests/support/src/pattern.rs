//! An expected reply, the same for both protocols where they say the same thing in different types.

use std::collections::HashMap;

use crate::{Protocol, Value};

/// What a reply must look like. The comment gives the notation.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// `OK`
    Status(Vec<u8>),
    /// `(error) ERR no such key`, to the end of the line, or `(error) "quoted "`.
    Error(Vec<u8>),
    /// `(integer) 1`
    Integer(i64),
    /// `~`: an integer, a double, or a string that spells a number.
    Number,
    /// `(any)`: whatever comes.
    Any,
    /// `"text"`
    Text(Vec<u8>),
    /// `~"id=* addr=*"`: a string in which each `*` stands for any text.
    Glob(Vec<u8>),
    /// `$id`: binds a string or integer, then must meet it again.
    Name(String),
    /// `(nil)`: `$-1` or `_`.
    Nil,
    /// `(nil array)`: `*-1` or `_`.
    NilArray,
    /// `(double) 1.5`: a string in RESP2.
    Double(String),
    /// `(true)`: an integer in RESP2.
    Boolean(bool),
    /// `(big number) 12`: a string in RESP2.
    BigNumber(String),
    /// `(verbatim) "text"` or `(verbatim) ~"glob"`: a plain bulk string in RESP2.
    Verbatim(Box<Pattern>),
    /// `1) ... 2) ...`
    Array(Vec<Pattern>),
    /// `1# key => value`: in RESP2 an array of keys and values in turn.
    Map(Vec<(Pattern, Pattern)>),
    /// `1~ ...`: an array in RESP2. Order is not looked at.
    Set(Vec<Pattern>),
    /// `(push) 1) ...`: an array in RESP2.
    Push(Vec<Pattern>),
}

/// What the names of a transcript stand for.
pub type Bindings = HashMap<String, Vec<u8>>;

impl Pattern {
    /// Whether `value`, a reply over `protocol`, is what this expects. Binds names on the way.
    pub fn matches(&self, value: &Value, protocol: Protocol, names: &mut Bindings) -> bool {
        let three = protocol == Protocol::Resp3;
        match (self, value) {
            (Self::Any, _) => true,
            (Self::Number, v) => matches!(v, Value::Double(_)) || v.number().is_some() || is_float(v),
            (Self::Name(name), v) => bind(name, v, names),
            (Self::Status(a), Value::Simple(b)) | (Self::Error(a), Value::Error(b)) => a == b,
            (Self::Text(a), Value::Bulk(b)) => a == b,
            (Self::Glob(a), v) => v.bytes().is_some_and(|b| glob(a, b)),
            (Self::Integer(a), Value::Integer(b)) => a == b,
            (Self::Nil, Value::NullBulk) | (Self::NilArray, Value::NullArray) => !three,
            (Self::Nil | Self::NilArray, Value::Null) => three,
            (Self::Double(a), Value::Double(b)) | (Self::BigNumber(a), Value::BigNumber(b)) => three && a == b,
            (Self::Double(a) | Self::BigNumber(a), Value::Bulk(b)) => !three && a.as_bytes() == b,
            (Self::Boolean(a), Value::Boolean(b)) => three && a == b,
            (Self::Boolean(a), Value::Integer(b)) => !three && i64::from(*a) == *b,
            (Self::Verbatim(a), Value::Verbatim(b)) => three && a.matches(&Value::Bulk(b.clone()), protocol, names),
            (Self::Verbatim(a), Value::Bulk(_)) => !three && a.matches(value, protocol, names),
            (Self::Array(a), Value::Array(b)) => all(a, b, protocol, names),
            (Self::Map(a), Value::Map(b)) => three && all(&flat(a), &value_items(b), protocol, names),
            (Self::Map(a), Value::Array(b)) => !three && all(&flat(a), b, protocol, names),
            (Self::Set(a), Value::Set(b)) => three && unordered(a, b, protocol, names),
            (Self::Set(a), Value::Array(b)) => !three && unordered(a, b, protocol, names),
            (Self::Push(a), Value::Push(b)) => three && all(a, b, protocol, names),
            (Self::Push(a), Value::Array(b)) => !three && all(a, b, protocol, names),
            _ => false,
        }
    }

    /// The reply of XREAD and XREADGROUP is written as RESP2 has it, pairs of key and entries. In RESP3 it must be the
    /// map of the same.
    #[must_use]
    pub fn for_command(self, verb: &[u8], protocol: Protocol) -> Self {
        let reads = verb.eq_ignore_ascii_case(b"XREAD") || verb.eq_ignore_ascii_case(b"XREADGROUP");
        match self {
            Self::Array(items) if reads && protocol == Protocol::Resp3 && items.iter().all(is_pair) => {
                Self::Map(items.into_iter().filter_map(into_pair).collect())
            }
            other => other,
        }
    }
}

fn is_pair(item: &Pattern) -> bool {
    matches!(item, Pattern::Array(pair) if pair.len() == 2)
}

fn into_pair(item: Pattern) -> Option<(Pattern, Pattern)> {
    let Pattern::Array(pair) = item else { return None };
    let [key, value] = <[Pattern; 2]>::try_from(pair).ok()?;
    Some((key, value))
}

fn flat(pairs: &[(Pattern, Pattern)]) -> Vec<Pattern> {
    pairs.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect()
}

fn value_items(pairs: &[(Value, Value)]) -> Vec<Value> {
    pairs.iter().flat_map(|(k, v)| [k.clone(), v.clone()]).collect()
}

fn all(patterns: &[Pattern], values: &[Value], protocol: Protocol, names: &mut Bindings) -> bool {
    patterns.len() == values.len() && patterns.iter().zip(values).all(|(p, v)| p.matches(v, protocol, names))
}

fn unordered(patterns: &[Pattern], values: &[Value], protocol: Protocol, names: &mut Bindings) -> bool {
    let mut left: Vec<&Value> = values.iter().collect();
    patterns.len() == values.len()
        && patterns.iter().all(|p| match left.iter().position(|v| p.matches(v, protocol, names)) {
            Some(at) => {
                left.swap_remove(at);
                true
            }
            None => false,
        })
}

fn is_float(value: &Value) -> bool {
    value.text().is_some_and(|t| t.parse::<f64>().is_ok())
}

fn bind(name: &str, value: &Value, names: &mut Bindings) -> bool {
    let bytes = match value {
        Value::Integer(n) => n.to_string().into_bytes(),
        Value::Bulk(b) | Value::Simple(b) => b.clone(),
        _ => return false,
    };
    names.entry(name.to_owned()).or_insert_with(|| bytes.clone()) == &bytes
}

/// Whether `text` is `pattern` with any text for each `*`.
#[must_use]
pub fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((byte, rest)) => text.split_first().is_some_and(|(b, text)| b == byte && glob(rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_flat_in_resp2_only() {
        let pattern = Pattern::Map(vec![(Pattern::Text(b"k".to_vec()), Pattern::Integer(1))]);
        let flat = Value::Array(vec![Value::Bulk(b"k".to_vec()), Value::Integer(1)]);
        let map = Value::Map(vec![(Value::Bulk(b"k".to_vec()), Value::Integer(1))]);
        let names = &mut Bindings::new();
        assert!(pattern.matches(&flat, Protocol::Resp2, names));
        assert!(!pattern.matches(&flat, Protocol::Resp3, names));
        assert!(pattern.matches(&map, Protocol::Resp3, names));
    }

    #[test]
    fn a_name_must_meet_its_value_again() {
        let names = &mut Bindings::new();
        let name = Pattern::Name("id".into());
        assert!(name.matches(&Value::Bulk(b"1-1".to_vec()), Protocol::Resp2, names));
        assert!(name.matches(&Value::Bulk(b"1-1".to_vec()), Protocol::Resp2, names));
        assert!(!name.matches(&Value::Bulk(b"1-2".to_vec()), Protocol::Resp2, names));
    }
}
