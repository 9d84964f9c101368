//! Rewriting the fields of XINFO's maps, in either protocol's form.

use crate::Value;

/// Fields that XINFO has only since 8.6 and 8.8; a transcript recorded from 8.0 does not mention them.
const NEWER: [&str; 7] =
    ["idmp-duration", "idmp-maxsize", "pids-tracked", "iids-tracked", "iids-added", "iids-duplicates", "nacked-count"];

/// The reply without the fields that the reference is too old to have.
#[must_use]
pub fn without_newer(reply: Value) -> Value {
    each_map(reply, &mut |pairs| pairs.retain(|(key, _)| !key.text().is_some_and(|k| NEWER.contains(&k.as_str()))))
}

/// The reply with every group's lag replaced by what `count` finds above its last delivered id.
pub fn with_lag(reply: Value, mut count: impl FnMut(&str) -> Option<i64>) -> Value {
    each_map(reply, &mut |pairs| {
        let find = |name: &str| pairs.iter().position(|(key, _)| key.text().as_deref() == Some(name));
        let (Some(last), Some(lag)) = (find("last-delivered-id"), find("lag")) else { return };
        if let Some(exact) = pairs[last].1.text().and_then(|id| count(&id)) {
            pairs[lag].1 = Value::Integer(exact);
        }
    })
}

/// The reply with a field's value replaced in every map.
#[must_use]
pub fn with_field(reply: Value, name: &str, value: &Value) -> Value {
    each_map(reply, &mut |pairs| {
        for (key, old) in pairs.iter_mut() {
            if key.text().as_deref() == Some(name) {
                *old = value.clone();
            }
        }
    })
}

type Pairs = Vec<(Value, Value)>;

fn each_map(value: Value, change: &mut dyn FnMut(&mut Pairs)) -> Value {
    match value {
        Value::Map(pairs) => Value::Map(changed(pairs, change)),
        Value::Array(items) if is_flat_map(&items) => {
            let pairs = items.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
            Value::Array(changed(pairs, change).into_iter().flat_map(|(k, v)| [k, v]).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| each_map(item, change)).collect()),
        other => other,
    }
}

fn changed(mut pairs: Pairs, change: &mut dyn FnMut(&mut Pairs)) -> Pairs {
    change(&mut pairs);
    pairs.into_iter().map(|(k, v)| (k, each_map(v, change))).collect()
}

/// RESP2 writes a map as keys and values in turn; the first key of each map of XINFO is known.
pub(crate) fn is_flat_map(items: &[Value]) -> bool {
    items.len().is_multiple_of(2) && matches!(items.first().and_then(Value::text).as_deref(), Some("name" | "length"))
}
