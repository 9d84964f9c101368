//! Makes two right answers equal: clocks are blanked, ids that a clock made are numbered as they appear, orders that
//! nobody promises are sorted.

use std::collections::HashMap;

use brooklet_testkit::{Args, Value, fields, loosen};

/// What is known of one server's answers so far.
#[derive(Default)]
pub struct Reader {
    clocked: HashMap<Vec<u8>, usize>,
}

impl Reader {
    /// The comparable form of a reply; `queued` are the commands of the transaction that EXEC answers.
    pub fn comparable(&mut self, args: &Args, queued: &[Args], reply: Value) -> Value {
        let reply = match (upper(args, 0).as_slice(), reply) {
            (b"EXEC", Value::Array(items)) => {
                let each = items.into_iter().enumerate();
                Value::Array(each.map(|(at, item)| one(queued.get(at).unwrap_or(args), item)).collect())
            }
            (_, reply) => one(args, reply),
        };
        self.numbered(reply)
    }

    fn numbered(&mut self, value: Value) -> Value {
        match value {
            Value::Bulk(bytes) if is_clocked(&bytes) => {
                let next = self.clocked.len();
                Value::Bulk(format!("clock-{}", self.clocked.entry(bytes).or_insert(next)).into_bytes())
            }
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.numbered(item)).collect()),
            Value::Map(pairs) => Value::Map(pairs.into_iter().map(|(k, v)| (k, self.numbered(v))).collect()),
            other => other,
        }
    }
}

fn upper(args: &Args, at: usize) -> Vec<u8> {
    args.get(at).map(|word| word.to_ascii_uppercase()).unwrap_or_default()
}

fn one(args: &Args, reply: Value) -> Value {
    let reply = loosen::loosen(args, reply);
    match (upper(args, 0).as_slice(), reply) {
        (b"XINFO", reply) => fields::without_newer(reply),
        (b"KEYS" | b"SMEMBERS" | b"SINTER" | b"SUNION" | b"SDIFF", Value::Array(items)) => sorted(items),
        (_, Value::Set(items)) => sorted(items),
        (b"SCAN" | b"SSCAN", Value::Array(mut parts)) if parts.len() == 2 => {
            parts[1] = sorted(parts[1].items());
            Value::Array(parts)
        }
        (b"TTL" | b"EXPIRETIME", Value::Integer(n)) if n > 0 => Value::Integer((n + 50) / 100),
        (b"PEXPIRETIME", Value::Integer(n)) if n > 0 => Value::Integer((n + 50_000) / 100_000),
        // The reference also remembers how a string came to its value.
        (b"OBJECT", Value::Bulk(bytes)) if bytes == b"embstr" || bytes == b"int" => Value::Bulk(b"raw".to_vec()),
        // The reference remembers that a deadline was spoken of, though no field got one.
        (b"OBJECT", Value::Bulk(bytes)) if bytes == b"listpackex" => Value::Bulk(b"listpack".to_vec()),
        (_, reply) => reply,
    }
}

fn sorted(mut items: Vec<Value>) -> Value {
    items.sort_by_key(|item| item.text());
    Value::Array(items)
}

/// `1795264517123-0`: thirteen digits of milliseconds are a clock's, ours are short.
fn is_clocked(bytes: &[u8]) -> bool {
    bytes.iter().position(|b| *b == b'-') == Some(13) && bytes.iter().all(|b| b.is_ascii_digit() || *b == b'-')
}
