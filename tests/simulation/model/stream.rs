//! A stream without its readers: what is trimmed, deleted and shown.

use super::{Group, KNOWN_MS, Stream, entry, err};
use crate::op::{Bound, Id, Name, Refs, Trim};
use crate::value::Value;
use std::collections::BTreeSet;

impl Stream {
    /// Id of the first entry, `0-0` without one.
    pub fn first(&self) -> Id {
        self.entries.keys().next().copied().unwrap_or_default()
    }

    /// Whether a group has still to be given the entry, or has it pending.
    fn is_referenced(&self, id: Id) -> bool {
        self.groups.values().any(|group| group.last < id || group.pending.contains_key(&id))
    }

    fn forget_references(&mut self, id: Id) {
        for group in self.groups.values_mut() {
            group.pending.remove(&id);
        }
    }

    /// The entry that was added before under a producer's number, if that is still known.
    pub fn repeated(&mut self, producer: (Name, u64), now: i64, seen: &Value) -> Option<Id> {
        for known in self.produced.values_mut() {
            known.is_old |= now - known.id.0 as i64 >= KNOWN_MS;
        }
        let known = self.produced.get(&producer)?;
        (!known.is_old || *seen == Value::text(known.id)).then_some(known.id)
    }

    /// XSETID.
    pub fn jump(&mut self, last: Id, added: Option<u64>, deleted: Option<Id>) -> Value {
        let top = self.entries.keys().next_back().copied().unwrap_or_default();
        let below = last < self.max_deleted || last < top || deleted.is_some_and(|deleted| last < deleted);
        if below || !self.entries.is_empty() && added.is_some_and(|added| added < self.entries.len() as u64) {
            return err();
        }
        (self.last, self.added) = (last, added.unwrap_or(self.added));
        self.max_deleted = deleted.filter(|id| *id != Id::default()).unwrap_or(self.max_deleted);
        Value::ok()
    }

    /// How many went.
    pub fn trim(&mut self, trim: &Trim) -> usize {
        let doomed: Vec<Id> = match trim.refs {
            Refs::Acked => self.unreferenced(trim.bound),
            _ => self.entries.keys().take(trim.bound.beyond(&self.entries)).copied().collect(),
        };
        for id in &doomed {
            self.entries.remove(id);
            if trim.refs == Refs::Delete {
                self.forget_references(*id);
            }
        }
        doomed.len()
    }

    /// What nobody needs of the entries beyond the bound. For a length, an entry that has to stay lets another one go.
    fn unreferenced(&self, bound: Bound) -> Vec<Id> {
        let mut doomed = Vec::new();
        for id in self.entries.keys() {
            let enough = match bound {
                Bound::MaxLen(most) => self.entries.len() - doomed.len() <= most as usize,
                Bound::MinId(least) => *id >= least,
            };
            if enough {
                break;
            }
            if !self.is_referenced(*id) {
                doomed.push(*id);
            }
        }
        doomed
    }

    /// `~` may let fewer go than `=`.
    pub fn trim_about(&mut self, trim: &Trim, seen: &Value) -> usize {
        let most = trim.bound.beyond(&self.entries);
        let went = if let Value::Int(went) = seen { (*went).max(0) as usize } else { 0 };
        for _ in 0..went.min(most) {
            self.entries.pop_first();
        }
        went.min(most)
    }

    /// Whether it was there.
    pub fn delete(&mut self, id: Id) -> bool {
        let was_there = self.entries.remove(&id).is_some();
        if was_there {
            self.max_deleted = self.max_deleted.max(id);
        }
        was_there
    }

    pub fn delete_ex(&mut self, refs: Refs, ids: &[Id]) -> Value {
        let kept: BTreeSet<Id> = match refs {
            Refs::Acked => ids.iter().copied().filter(|id| self.is_referenced(*id)).collect(),
            _ => BTreeSet::new(),
        };
        let outcome = |id: &Id| match kept.contains(id) {
            true => Value::Int(2),
            false if self.delete(*id) => Value::Int(1),
            false => Value::Int(-1),
        };
        let answer = ids.iter().map(outcome).collect();
        if refs == Refs::Delete {
            ids.iter().for_each(|id| self.forget_references(*id));
        }
        Value::List(answer)
    }

    /// XACKDEL: what is pending in the group is so no longer, and goes unless others need it.
    pub fn ack_delete(&mut self, group: &str, refs: Refs, ids: &[Id]) -> Value {
        let mut answer = Vec::new();
        for id in ids {
            let acked = self.groups.get_mut(group).is_some_and(|group| group.pending.remove(id).is_some());
            answer.push(Value::Int(match acked {
                false => -1,
                true if refs == Refs::Acked && self.is_referenced(*id) => 2,
                true => {
                    self.delete(*id);
                    1
                }
            }));
            if acked && refs == Refs::Delete {
                self.forget_references(*id);
            }
        }
        Value::List(answer)
    }

    pub fn range(&self, from: Id, count: u64) -> Value {
        Value::List(self.entries.range(from..).take(count as usize).map(|(id, payload)| entry(*id, payload)).collect())
    }

    /// XINFO STREAM FULL COUNT 0.
    pub fn info(&self) -> Value {
        named([
            ("length", Value::count(self.entries.len())),
            ("last-generated-id", Value::text(self.last)),
            ("max-deleted-entry-id", Value::text(self.max_deleted)),
            ("entries-added", Value::Int(self.added as i64)),
            ("recorded-first-entry-id", Value::text(self.first())),
            ("entries", self.range(Id::default(), u64::MAX)),
            ("groups", Value::List(self.groups.iter().map(|(name, group)| self.group_info(name, group)).collect())),
        ])
    }

    fn group_info(&self, name: &str, group: &Group) -> Value {
        let lag = self.entries.range(group.last.next()..).count();
        let pending = group.pending.iter().map(|(id, p)| {
            let owner = Value::text(p.owner.unwrap_or_default());
            Value::List(vec![Value::text(id), owner, Value::Int(p.at_ms), Value::Int(p.deliveries)])
        });
        let nacked = group.pending.values().filter(|p| p.owner.is_none()).count();
        named([
            ("name", Value::text(name)),
            ("last-delivered-id", Value::text(group.last)),
            ("entries-read", group.read.map_or(Value::Nil, |n| Value::Int(n as i64))),
            ("lag", Value::count(lag)),
            ("pel-count", Value::count(group.pending.len())),
            ("nacked-count", Value::count(nacked)),
            ("pending", Value::List(pending.collect())),
            ("consumers", Value::List(group.consumers.iter().map(|name| group.consumer_info(name)).collect())),
        ])
    }
}

impl Group {
    fn consumer_info(&self, name: &str) -> Value {
        let own = self.pending.iter().filter(|(_, p)| p.owner == Some(name));
        let own: Vec<Value> = own
            .map(|(id, p)| Value::List(vec![Value::text(id), Value::Int(p.at_ms), Value::Int(p.deliveries)]))
            .collect();
        named([("name", Value::text(name)), ("pel-count", Value::count(own.len())), ("pending", Value::List(own))])
    }
}

fn named<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::List(pairs.into_iter().map(|(name, value)| Value::List(vec![Value::text(name), value])).collect())
}
