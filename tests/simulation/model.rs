//! What the broker should hold: plain maps, and for each command what it does to them and what it answers.
//!
//! Written from what the commands promise, without a look at how the broker does it. What the promises come to is plain
//! here: an id is above all before it, an entry stays until it is trimmed or deleted, a pending entry has one owner, what
//! was acknowledged is pending no longer. Must never know: chunks, journals, checkpoints.

mod deliver;
mod groups;
mod stream;

use crate::op::{At, Bound, Id, Name, NewId, Op, Payload};
use crate::value::{Value, padded};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Everything. A copy costs a few pointers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    pub streams: BTreeMap<Name, Rc<Stream>>,
    /// Token and deadline.
    pub locks: BTreeMap<Name, (u64, i64)>,
    /// Streams for which those who wait look again.
    pub changed: Vec<Name>,
    /// Keys whose entries or value are others now: what breaks a watch.
    pub touched: Vec<Name>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stream {
    pub entries: BTreeMap<Id, Payload>,
    pub last: Id,
    pub max_deleted: Id,
    pub added: u64,
    pub groups: BTreeMap<Name, Group>,
    pub produced: BTreeMap<(Name, u64), Produced>,
}

/// The entry that a producer's number stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Produced {
    id: Id,
    /// It is so old that it may be forgotten; or it may not.
    is_old: bool,
}

/// A number is surely known for so long: two thirds of the usual time, as the clock may go back.
const KNOWN_MS: i64 = 66_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    pub last: Id,
    /// As Redis counts: `None` = it does not know.
    pub read: Option<u64>,
    pub consumers: BTreeSet<Name>,
    pub pending: BTreeMap<Id, Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pending {
    /// `None`: it was given back and belongs to nobody.
    pub owner: Option<Name>,
    pub at_ms: i64,
    pub deliveries: i64,
}

impl Pending {
    fn idle(&self, now: i64) -> i64 {
        (now - self.at_ms).max(0)
    }

    fn is_claimable(&self, now: i64, min_idle: i64) -> bool {
        self.owner.is_none() || self.idle(now) >= min_idle
    }
}

/// The answer, where a command fails.
pub fn nogroup() -> Value {
    Value::error("NOGROUP")
}

fn err() -> Value {
    Value::error("ERR")
}

impl State {
    pub fn stream(&self, key: Name) -> Option<&Stream> {
        self.streams.get(key).map(|stream| &**stream)
    }

    fn stream_mut(&mut self, key: Name) -> Option<&mut Stream> {
        self.streams.get_mut(key).map(Rc::make_mut)
    }

    pub fn group(&self, at: At) -> Option<&Group> {
        self.stream(at.key)?.groups.get(at.group)
    }

    fn group_mut(&mut self, at: At) -> Option<&mut Group> {
        self.stream_mut(at.key)?.groups.get_mut(at.group)
    }

    /// Makes a consumer, where there is none; whether it did.
    pub fn join(&mut self, at: At, who: Name) -> bool {
        self.group(at).is_some_and(|group| !group.consumers.contains(who))
            && self.group_mut(at).is_some_and(|group| group.consumers.insert(who))
    }

    /// Whether a reader of new entries would get none and wait.
    pub fn is_drained(&self, at: At) -> bool {
        let drained = |stream: &Stream, group: &Group| stream.entries.range(group.last.next()..).next().is_none();
        self.stream(at.key).is_some_and(|s| s.groups.get(at.group).is_some_and(|group| drained(s, group)))
    }

    /// Does what `op` does at `now` and says what it answers. `seen` is what was answered: where a command has a choice
    /// (`~`), the model follows it as far as it is allowed.
    pub fn apply(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        let Some(key) = op.key() else { return self.apply_all(op, now, seen) };
        let before = self.shape(key, now);
        let answer = self.apply_one(op, now, seen);
        // Moving the last id touches nothing.
        if before != self.shape(key, now) && !matches!(op, Op::Jump { .. }) {
            self.touched.push(key);
        }
        answer
    }

    /// What differs whenever a key came or went, or holds something else.
    fn shape(&self, key: Name, now: i64) -> Option<(u64, usize)> {
        let stream = self.stream(key).map(|stream| (stream.added, stream.entries.len()));
        let lock = self.locks.get(key).filter(|(_, deadline)| *deadline > now);
        stream.or(lock.map(|(token, _)| (*token, 0)))
    }

    /// When the first of these keys ends by itself.
    pub fn first_end(&self, keys: &[Name], now: i64) -> i64 {
        let ends = keys.iter().filter_map(|key| self.locks.get(key)).map(|(_, deadline)| *deadline);
        ends.filter(|deadline| *deadline > now).min().unwrap_or(i64::MAX)
    }

    /// Operations that are one.
    fn apply_all(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        let nothing = Vec::new();
        let seen = if let Value::List(seen) = seen { seen } else { &nothing };
        let each = |(i, op)| self.apply(op, now, seen.get(i).unwrap_or(&Value::Nil));
        let answers = op.parts().iter().enumerate().map(each).collect();
        if matches!(op, Op::Script { fails: true, .. }) { err() } else { Value::List(answers) }
    }

    fn apply_one(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        match op {
            Op::Add { .. } => self.add(op, now, seen),
            Op::Jump { key, last, added, deleted } => match self.stream_mut(key) {
                Some(stream) => stream.jump(*last, *added, *deleted),
                None => err(),
            },
            Op::Trim { key, trim } => {
                let Some(stream) = self.stream_mut(key) else { return Value::Int(0) };
                Value::count(if trim.about { stream.trim_about(trim, seen) } else { stream.trim(trim) })
            }
            Op::Delete { key, ids } => {
                let Some(stream) = self.stream_mut(key) else { return Value::Int(0) };
                Value::count(ids.iter().filter(|id| stream.delete(**id)).count())
            }
            Op::DeleteEx { key, refs, ids } => match self.stream_mut(key) {
                Some(stream) => stream.delete_ex(*refs, ids),
                None => Value::List(vec![Value::Int(-1); ids.len()]),
            },
            Op::Drop { key } => {
                self.changed.push(key);
                Value::count(usize::from(self.streams.remove(key).is_some()))
            }
            Op::Len { key } => Value::count(self.stream(key).map_or(0, |stream| stream.entries.len())),
            Op::Range { key, from, count } => {
                self.stream(key).map_or(Value::List(Vec::new()), |s| s.range(*from, *count))
            }
            Op::Tail { key, from, count } => match self.stream(key).map(|stream| stream.range(from.next(), *count)) {
                Some(Value::List(some)) if !some.is_empty() => answer_of(key, some),
                _ => Value::Nil,
            },
            Op::Info { key } => self.stream(key).map_or(err(), Stream::info),
            Op::Lock { .. } | Op::Holder { .. } | Op::Unlock { .. } => self.lock(op, now),
            in_group => self.apply_in_group(in_group, now, seen),
        }
    }

    fn add(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        let Op::Add { key, id, make, trim, payload, producer } = op else { unreachable!("{op:?} adds nothing") };
        if !make && !self.streams.contains_key(key) {
            return Value::Nil;
        }
        if let Some(first) = self.stream_mut(key).and_then(|stream| stream.repeated((*producer)?, now, seen)) {
            return Value::text(first);
        }
        let last = self.stream(key).map_or(Id::default(), |stream| stream.last);
        let now = now.max(0) as u64;
        let id = match *id {
            NewId::Auto if now > last.0 => Id(now, 0),
            NewId::Auto => last.next(),
            NewId::Sequence(ms) if ms == last.0 => last.next(),
            NewId::Sequence(ms) => Id(ms, 0),
            NewId::Given(id) => id,
        };
        if id <= last {
            return err();
        }
        self.changed.push(key);
        let stream = Rc::make_mut(self.streams.entry(key).or_default());
        stream.entries.insert(id, *payload);
        stream.produced.extend(producer.map(|producer| (producer, Produced { id, is_old: false })));
        (stream.last, stream.added) = (id, stream.added + 1);
        if let Some(trim) = trim {
            stream.trim(trim);
        }
        Value::text(id)
    }

    fn lock(&mut self, op: &Op, now: i64) -> Value {
        let (Op::Lock { lock, .. } | Op::Holder { lock } | Op::Unlock { lock }) = op else {
            unreachable!("{op:?} is about a lock")
        };
        if self.locks.get(lock).is_some_and(|(_, deadline)| *deadline <= now) {
            self.locks.remove(lock);
        }
        let holder = self.locks.get(lock).map(|(token, _)| *token);
        match op {
            Op::Lock { .. } if holder.is_some() => Value::Nil,
            Op::Lock { token, ms, .. } => {
                self.locks.insert(lock, (*token, now + *ms as i64));
                Value::ok()
            }
            Op::Holder { .. } => holder.map_or(Value::Nil, Value::text),
            _ => Value::count(usize::from(self.locks.remove(lock).is_some())),
        }
    }
}

/// What XREAD and XREADGROUP answer for one stream.
fn answer_of(key: Name, entries: Vec<Value>) -> Value {
    Value::List(vec![Value::List(vec![Value::text(key), Value::List(entries)])])
}

fn entry(id: Id, payload: &Payload) -> Value {
    let text = padded(&payload.number.to_string(), payload.dots);
    Value::List(vec![Value::text(id), Value::List(vec![Value::text("n"), Value::Text(text)])])
}

impl Bound {
    /// How many of the oldest of `ids` are beyond it.
    fn beyond(self, ids: &BTreeMap<Id, Payload>) -> usize {
        match self {
            Bound::MaxLen(most) => ids.len().saturating_sub(most as usize),
            Bound::MinId(least) => ids.range(..least).count(),
        }
    }
}
