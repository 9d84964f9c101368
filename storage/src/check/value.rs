//! Hashes, lists, sets and sorted sets: their records decode, hold something, and each element is found in each order.

use super::{At, Check, Kind};
use crate::keyspace::object::{Kind as Type, Value};
use crate::value::hash::Hash;
use crate::value::order::compare;
use crate::value::sorted_set::SortedSet;
use std::cmp::Ordering;

impl Check<'_> {
    pub(super) fn elements(&mut self, at: At<'_>, kind: Type, bytes: &[u8]) {
        let value = match Value::read(kind, bytes) {
            Ok(value) => value,
            Err(why) => return self.found(Kind::Value, at, why.to_string()),
        };
        if value.has_nothing() {
            self.found(Kind::Value, at, "holds nothing: such a key must not be");
        }
        let (len, wrong) = match &value {
            Value::Hash(hash) => (hash.len(), hash_is_wrong(hash)),
            Value::List(list) => (list.len(), None),
            Value::Set(set) => {
                let lost = set.iter().find(|member| !set.contains(member));
                (set.len(), lost.map(|member| format!("member \"{}\" is not found by its name", member.escape_ascii())))
            }
            Value::SortedSet(set) => (set.len(), sorted_set_is_wrong(set)),
            Value::Str(_) | Value::Stream(_) => (0, None),
        };
        self.report.looked.elements += len as u64;
        if let Some(text) = wrong {
            self.found(Kind::Value, at, text);
        }
    }
}

fn hash_is_wrong(hash: &Hash) -> Option<String> {
    let lost = hash.fields().iter().find(|(name, field)| hash.get(name) != Some(&field.value));
    if let Some((name, _)) = lost {
        return Some(format!("field \"{}\" is not found by its name", name.escape_ascii()));
    }
    let soonest = hash.fields().iter().filter_map(|(_, field)| field.deadline_ms).min();
    (soonest != hash.next_deadline_ms()).then(|| "the deadlines of its fields are not in order".to_owned())
}

/// Both orders hold the same members with the same scores.
fn sorted_set_is_wrong(set: &SortedSet) -> Option<String> {
    let mut before: Option<(f64, &[u8])> = None;
    let mut count = 0;
    for (score, member) in set.order().from(0) {
        count += 1;
        if set.score(member) != Some(*score) {
            return Some(format!("member \"{}\" has another score by its name", member.escape_ascii()));
        }
        if before.is_some_and(|before| compare(before, (*score, member)) != Ordering::Less) {
            return Some(format!("member \"{}\" is not in its place", member.escape_ascii()));
        }
        before = Some((*score, member));
    }
    let by_name = set.by_name();
    (count != by_name).then(|| format!("{count} members by score, {by_name} by name"))
}
