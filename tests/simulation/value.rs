//! What a client sees of a reply, in a form that the model can write down, too.

use brooklet::Reply;
use std::fmt;

#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    Nil,
    Int(i64),
    Text(String),
    /// The first word of an error.
    Error(String),
    List(Vec<Value>),
}

impl Value {
    pub fn text(text: impl ToString) -> Value {
        Value::Text(text.to_string())
    }

    pub fn error(code: &str) -> Value {
        Value::Error(code.to_owned())
    }

    pub fn count(n: usize) -> Value {
        Value::Int(n as i64)
    }

    pub fn ok() -> Value {
        Value::text("OK")
    }

    pub fn is_error(&self, codes: &[&str]) -> bool {
        matches!(self, Value::Error(code) if codes.contains(&&**code))
    }

    pub fn of(reply: &Reply) -> Value {
        match reply {
            Reply::Integer(n) => Value::Int(*n),
            Reply::Status(text) => Value::text(text),
            Reply::Error(line) => Value::text(line).into_error(),
            Reply::Bulk(bytes) => Value::Text(short(bytes)),
            Reply::Id(id) => Value::text(id),
            Reply::Array(items) => Value::List(items.iter().map(Value::of).collect()),
            Reply::Pairs(pairs) | Reply::Map(pairs) => {
                let pair = |(key, value): &(Reply, Reply)| Value::List(vec![Value::of(key), Value::of(value)]);
                Value::List(pairs.iter().map(pair).filter(|pair| !is_incidental(pair)).collect())
            }
            Reply::Entry(entry) => {
                let fields = entry.fields.as_ref().map_or(Value::Nil, |fields| {
                    Value::List(fields.iter().map(|bytes| Value::Text(short(bytes))).collect())
                });
                let mut items = vec![Value::text(entry.id), fields];
                items.extend(entry.redelivery.iter().flat_map(|(idle, given)| [Value::Int(*idle), Value::Int(*given)]));
                Value::List(items)
            }
            Reply::Null | Reply::NullArray => Value::Nil,
            other => panic!("no command of the simulation answers {other:?}"),
        }
    }

    fn into_error(self) -> Value {
        let Value::Text(line) = self else { return self };
        Value::Error(line.split(' ').next().unwrap_or_default().to_owned())
    }
}

/// What depends on more than commands: how data lies in memory, and what a restart may forget.
fn is_incidental(pair: &Value) -> bool {
    const INCIDENTAL: &[&str] =
        &["radix-tree-keys", "radix-tree-nodes", "seen-time", "active-time", "idmp-duration", "idmp-maxsize"];
    const WORDS: &[&str] = &["pids-tracked", "iids-tracked", "iids-added", "iids-duplicates"];
    match pair {
        Value::List(items) => match items.first() {
            Some(Value::Text(name)) => INCIDENTAL.contains(&&**name) || WORDS.contains(&&**name),
            _ => false,
        },
        _ => false,
    }
}

/// Padding is many dots; their number says it all.
fn short(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let head = text.trim_end_matches('.');
    padded(head, text.len() - head.len())
}

/// A text with so many dots behind it, as [`Value`]s show it.
pub fn padded(head: &str, dots: usize) -> String {
    if dots == 0 { head.to_owned() } else { format!("{head}*{dots}") }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => write!(f, "nil"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Text(text) => write!(f, "{text}"),
            Value::Error(code) => write!(f, "(error {code})"),
            Value::List(items) => f.debug_list().entries(items).finish(),
        }
    }
}
