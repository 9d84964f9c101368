//! Which parts of a reply are clocks or inner structure and therefore never compared, by verb.

use crate::Value;
use crate::fields::is_flat_map;

/// Fields of XINFO that tell of clocks or of the reference's radix trees.
const LOOSE_FIELDS: [&str; 6] = ["idle", "inactive", "seen-time", "active-time", "radix-tree-keys", "radix-tree-nodes"];

/// Replaces what may differ between two right answers by the status `~`.
#[must_use]
pub fn loosen(args: &[Vec<u8>], reply: Value) -> Value {
    let word = |at: usize| args.get(at).map(|a| a.to_ascii_uppercase()).unwrap_or_default();
    match word(0).as_slice() {
        b"XPENDING" if args.len() > 3 => rows(reply, 2),
        b"XINFO" => fields(reply),
        b"TIME" if !reply.is_error() => Value::Array(vec![blank(), blank()]),
        b"PTTL" if reply.number().is_some_and(|ms| ms > 0) => blank(),
        b"OBJECT" if word(1) == b"IDLETIME" && reply.number().is_some() => blank(),
        _ => reply,
    }
}

/// A value that is not looked at; it is written and read as `~`.
#[must_use]
pub fn blank() -> Value {
    Value::Simple(b"~".to_vec())
}

/// Blanks one column of each row; `usize::MAX` means the last but one.
fn rows(reply: Value, column: usize) -> Value {
    let Value::Array(rows) = reply else { return reply };
    let row = |row| match row {
        Value::Array(mut cells) if cells.len() > 2 => {
            let at = column.min(cells.len() - 2);
            cells[at] = blank();
            Value::Array(cells)
        }
        other => other,
    };
    Value::Array(rows.into_iter().map(row).collect())
}

fn is_loose(key: &Value) -> bool {
    key.text().is_some_and(|k| LOOSE_FIELDS.contains(&k.as_str()))
}

fn fields(value: Value) -> Value {
    match value {
        Value::Map(pairs) => {
            let pair = |(k, v): (Value, Value)| match pending_times(&k) {
                _ if is_loose(&k) => (k, blank()),
                Some(column) => (k, rows(v, column)),
                None => (k, fields(v)),
            };
            Value::Map(pairs.into_iter().map(pair).collect())
        }
        Value::Array(items) if is_flat_map(&items) => flat(items),
        Value::Array(items) => Value::Array(items.into_iter().map(fields).collect()),
        other => other,
    }
}

fn flat(items: Vec<Value>) -> Value {
    let keys: Vec<Value> = items.iter().step_by(2).cloned().collect();
    let pairs = items.into_iter().skip(1).step_by(2);
    let loose = |(k, v): (Value, Value)| match pending_times(&k) {
        _ if is_loose(&k) => [k, blank()],
        Some(column) => [k, rows(v, column)],
        None => [k, fields(v)],
    };
    Value::Array(keys.into_iter().zip(pairs).flat_map(loose).collect())
}

/// `pending` of XINFO STREAM FULL has rows with a delivery time, always just before the count.
fn pending_times(key: &Value) -> Option<usize> {
    (key.text().as_deref() == Some("pending")).then_some(usize::MAX)
}
