//! What readers are given, and how Redis counts what they have read.

use super::{Pending, State, Stream, answer_of, entry, nogroup};
use crate::op::{At, Id, Name};
use crate::value::Value;

/// What a reader asks for.
pub struct Reading {
    pub at: At,
    pub who: Name,
    pub count: Option<u64>,
    pub noack: bool,
    /// Of what is pending, above this id; else of what is new.
    pub above: Option<Id>,
}

impl State {
    /// XREADGROUP; nil also where it would wait.
    pub fn read(&mut self, reading: &Reading, now: i64) -> Value {
        let Reading { at, who, count, noack, above } = *reading;
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
                for (id, payload) in stream.entries.range(group.last.next()..).take(limit) {
                    group.read = stream.read_after(group.last, group.read, *id);
                    group.last = *id;
                    if !noack {
                        group.pending.insert(*id, Pending { owner: Some(who), at_ms: now, deliveries: 1 });
                    }
                    given.push(entry(*id, payload));
                }
            }
        }
        stream.groups.insert(at.group, group);
        if given.is_empty() && above.is_none() { Value::Nil } else { answer_of(at.key, given) }
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
