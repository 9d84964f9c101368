//! What readers are given, and how Redis counts what they have read.

use super::{Group, Pending, State, Stream, answer_of, entry, nogroup};
use crate::op::{At, Id, Name};
use crate::value::Value;

/// What a reader asks for.
pub struct Reading {
    pub at: At,
    pub who: Name,
    pub count: Option<u64>,
    pub noack: bool,
    /// Takes over what has been pending for so long, before it is given what is new.
    pub claim: Option<i64>,
    /// Of what is pending, above this id; else of what is new.
    pub above: Option<Id>,
}

impl State {
    /// XREADGROUP; nil also where it would wait.
    pub fn read(&mut self, reading: &Reading, now: i64, seen: &Value) -> Value {
        let Reading { at, who, count, noack, claim, above } = *reading;
        let limit = count.filter(|n| *n > 0).map_or(usize::MAX, |n| n as usize);
        let Some(stream) = self.stream_mut(at.key) else { return nogroup() };
        let Some(mut group) = stream.groups.remove(at.group) else { return nogroup() };
        group.consumers.insert(who);
        let mut given = Vec::new();
        match above {
            Some(above) => {
                let own = group.pending.range_mut(above.next()..).filter(|(_, p)| p.owner == Some(who));
                for (id, pending) in own.take(limit) {
                    let Some(payload) = stream.entries.get(id) else {
                        given.push(Value::List(vec![Value::text(id), Value::Nil]));
                        continue;
                    };
                    (pending.at_ms, pending.deliveries) = (now, pending.deliveries.saturating_add(1));
                    given.push(entry(*id, payload));
                }
            }
            None => {
                if let Some(min_idle) = claim {
                    given = stream.claimed(&mut group, who, min_idle, limit, now, &ids_of(seen));
                }
                let left = limit - given.len();
                for (id, payload) in stream.entries.range(group.last.next()..).take(left) {
                    group.read = stream.read_after(group.last, group.read, *id);
                    group.last = *id;
                    if !noack {
                        group.pending.insert(*id, Pending { owner: Some(who), at_ms: now, deliveries: 1 });
                    }
                    given.push(with_past(entry(*id, payload), claim.map(|_| (0, 0))));
                }
            }
        }
        stream.groups.insert(at.group, group);
        if given.is_empty() && above.is_none() { Value::Nil } else { answer_of(at.key, given) }
    }
}

/// The ids of what a reader was given.
fn ids_of(seen: &Value) -> Vec<Id> {
    let entries = match seen {
        Value::List(streams) => match streams.first() {
            Some(Value::List(pair)) => pair.get(1),
            _ => None,
        },
        _ => None,
    };
    let Some(Value::List(entries)) = entries else { return Vec::new() };
    let id = |entry: &Value| match entry {
        Value::List(parts) => match parts.first() {
            Some(Value::Text(text)) => {
                text.split_once('-').and_then(|(ms, n)| Some(Id(ms.parse().ok()?, n.parse().ok()?)))
            }
            _ => None,
        },
        _ => None,
    };
    entries.iter().filter_map(id).collect()
}

/// An entry that also tells for how long it was pending, and how often it was given to somebody.
fn with_past(entry: Value, past: Option<(i64, i64)>) -> Value {
    match (entry, past) {
        (Value::List(mut parts), Some((idle, given))) => {
            parts.extend([Value::Int(idle), Value::Int(given)]);
            Value::List(parts)
        }
        (entry, _) => entry,
    }
}

impl Stream {
    /// What a reader takes over: given back first, then the longest pending. Among equals the order is the broker's choice: that of
    /// `seen`.
    fn claimed(&self, group: &mut Group, who: Name, min_idle: i64, limit: usize, now: i64, seen: &[Id]) -> Vec<Value> {
        let order = |p: &Pending| if p.owner.is_none() { i64::MIN } else { p.at_ms };
        let is_due = |(id, p): &(&Id, &Pending)| p.is_claimable(now, min_idle) && self.entries.contains_key(*id);
        let mut due: Vec<(i64, Id)> = group.pending.iter().filter(is_due).map(|(id, p)| (order(p), *id)).collect();
        due.sort_unstable();
        let mut given = Vec::new();
        while given.len() < limit && !due.is_empty() {
            let (first, wanted) = (due[0].0, seen.get(given.len()));
            let at = due.iter().position(|(order, id)| *order == first && Some(id) == wanted).unwrap_or(0);
            let id = due.remove(at).1;
            let (Some(payload), Some(pending)) = (self.entries.get(&id), group.pending.get_mut(&id)) else { continue };
            given.push(with_past(entry(id, payload), Some((pending.idle(now), pending.deliveries))));
            *pending = Pending { owner: Some(who), at_ms: now, deliveries: pending.deliveries.saturating_add(1) };
        }
        given
    }
}

/// `entries-read`, as Redis counts it: on from where it was while nothing was deleted ahead, else anew from where a
/// position is certain.
impl Stream {
    fn read_after(&self, last: Id, read: Option<u64>, id: Id) -> Option<u64> {
        let deleted_ahead = self.max_deleted != Id::default() && last <= self.max_deleted;
        match read {
            Some(n) if last >= self.first() && !deleted_ahead => Some(n + 1),
            _ => self.position(id),
        }
    }

    /// How many entries were ever added up to one that is there.
    fn position(&self, id: Id) -> Option<u64> {
        let first = self.first();
        let deleted = self.max_deleted;
        if id < deleted {
            return None;
        }
        if id == self.last {
            return Some(self.added);
        }
        let whole = deleted < first;
        (id == first && whole).then(|| self.added - self.entries.len() as u64 + 1)
    }
}
