//! One expectation from two recordings, RESP2 and RESP3. What cannot be the same twice (clocks, ids, ports) becomes
//! `~` or `~"*"`; what differs in more than its type gives no common pattern.

use crate::{Pattern, Value};

/// The pattern that both replies match, if one can be written.
#[must_use]
pub fn merge(two: &Value, three: &Value) -> Option<Pattern> {
    match (two, three) {
        (Value::Simple(a), Value::Simple(b)) if a == b"~" && b == b"~" => Some(Pattern::Number),
        (Value::Simple(a), Value::Simple(b)) => Some(if a == b { Pattern::Status(a.clone()) } else { Pattern::Any }),
        (Value::Error(a), Value::Error(b)) if a == b => Some(Pattern::Error(a.clone())),
        (Value::Integer(a), Value::Integer(b)) => Some(if a == b { Pattern::Integer(*a) } else { Pattern::Number }),
        (Value::Integer(a), Value::Boolean(b)) if *a == i64::from(*b) => Some(Pattern::Boolean(*b)),
        (Value::Bulk(a), Value::Bulk(b)) => Some(text(a, b)),
        (Value::Bulk(a), Value::Verbatim(b)) => Some(Pattern::Verbatim(Box::new(text(a, b)))),
        (Value::Bulk(a), Value::Double(b)) if a == b.as_bytes() => Some(Pattern::Double(b.clone())),
        (Value::Bulk(a), Value::BigNumber(b)) if a == b.as_bytes() => Some(Pattern::BigNumber(b.clone())),
        (Value::NullBulk, Value::Null) => Some(Pattern::Nil),
        (Value::NullArray, Value::Null) => Some(Pattern::NilArray),
        (Value::Array(a), Value::Array(b)) => all(a, b).map(Pattern::Array),
        (Value::Array(a), Value::Push(b)) => all(a, b).map(Pattern::Push),
        (Value::Array(a), Value::Set(b)) => all(a, b).map(Pattern::Set),
        (Value::Array(a), Value::Map(b)) if a.len() == b.len() * 2 => map(a, b),
        _ => None,
    }
}

/// The map that RESP3 makes of the pairs of XREAD, turned back into them.
#[must_use]
pub fn as_pairs(verb: &[u8], value: Value) -> Value {
    match value {
        Value::Map(pairs) if verb.eq_ignore_ascii_case(b"XREAD") || verb.eq_ignore_ascii_case(b"XREADGROUP") => {
            Value::Array(pairs.into_iter().map(|(k, v)| Value::Array(vec![k, v])).collect())
        }
        other => other,
    }
}

fn all(two: &[Value], three: &[Value]) -> Option<Vec<Pattern>> {
    if two.len() != three.len() {
        return None;
    }
    two.iter().zip(three).map(|(a, b)| merge(a, b)).collect()
}

fn map(flat: &[Value], pairs: &[(Value, Value)]) -> Option<Pattern> {
    let merged = flat.chunks(2).zip(pairs).map(|(a, (k, v))| Some((merge(&a[0], k)?, merge(&a[1], v)?)));
    merged.collect::<Option<Vec<_>>>().map(Pattern::Map)
}

fn text(a: &[u8], b: &[u8]) -> Pattern {
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok_and(|t| t.parse::<f64>().is_ok());
    match (a == b, number(a) && number(b)) {
        (true, _) => Pattern::Text(a.to_vec()),
        (false, true) => Pattern::Number,
        (false, false) => Pattern::Glob(b"*".to_vec()),
    }
}
