//! Groups: how they are made and moved, and who has what.

use super::deliver::Reading;
use super::{Group, Pending, State, entry, err, nogroup};
use crate::op::{At, How, Id, Nack, Name, Op};
use crate::value::Value;

impl State {
    pub(super) fn apply_in_group(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        match op {
            Op::Read { at, who, count, noack, claim, above, .. } => {
                let (count, noack, claim, above) = (*count, *noack, *claim, *above);
                self.read(&Reading { at: *at, who, count, noack, claim, above }, now, seen)
            }
            Op::Ack { at, ids } => match self.group_mut(*at) {
                Some(group) => Value::count(ids.iter().filter(|id| group.pending.remove(id).is_some()).count()),
                None => Value::Int(0),
            },
            Op::AckDelete { at, refs, ids } => match self.stream_mut(at.key) {
                Some(stream) => stream.ack_delete(at.group, *refs, ids),
                None => Value::List(vec![Value::Int(-1); ids.len()]),
            },
            Op::Claim { at, who, min_idle, ids, how } => self.claim(*at, who, *min_idle, ids, how, now),
            Op::AutoClaim { at, who, min_idle, start, count, just_id } => {
                self.auto_claim(*at, who, *min_idle, *start, *count as usize, *just_id, now)
            }
            Op::Nack { at, mode, ids, retry, force } => self.nack(*at, *mode, ids, *retry, *force),
            Op::Create { at, id, make, read } => self.create(*at, *id, *make, *read),
            Op::SetId { at, id, read } => {
                let Some(stream) = self.stream_mut(at.key) else { return err() };
                let (last, added) = (stream.last, stream.added);
                let Some(group) = stream.groups.get_mut(at.group) else { return nogroup() };
                (group.last, group.read) = (id.unwrap_or(last), read.map(|n| n.min(added)));
                Value::ok()
            }
            Op::Destroy { at } => {
                let Some(stream) = self.stream_mut(at.key) else { return err() };
                let was_there = stream.groups.remove(at.group).is_some();
                self.changed.extend(was_there.then_some(at.key));
                Value::count(usize::from(was_there))
            }
            Op::NewConsumer { at, who } => {
                self.with_group(*at, |group| Value::count(group.consumers.insert(who).into()))
            }
            Op::DropConsumer { at, who } => self.with_group(*at, |group| {
                let before = group.pending.len();
                group.consumers.remove(who);
                group.pending.retain(|_, p| p.owner != Some(who));
                Value::count(before - group.pending.len())
            }),
            Op::Summary { at } => self.group(*at).map_or(nogroup(), Group::summary),
            Op::Listing { at, min_idle, count, who } => {
                self.group(*at).map_or(nogroup(), |group| group.listing(*min_idle, *count as usize, *who, now))
            }
            other => unreachable!("{other:?} is not about a group"),
        }
    }

    /// XGROUP's answers where the key or the group is missing.
    fn with_group(&mut self, at: At, change: impl FnOnce(&mut Group) -> Value) -> Value {
        if !self.streams.contains_key(at.key) {
            return err();
        }
        self.group_mut(at).map_or(nogroup(), change)
    }

    fn create(&mut self, at: At, id: Option<Id>, make: bool, read: Option<u64>) -> Value {
        if !make && !self.streams.contains_key(at.key) {
            return err();
        }
        if self.group(at).is_some() {
            return Value::error("BUSYGROUP");
        }
        if !self.streams.contains_key(at.key) {
            self.changed.push(at.key);
        }
        let stream = std::rc::Rc::make_mut(self.streams.entry(at.key).or_default());
        let read = read.map(|n| n.min(stream.added));
        stream.groups.insert(at.group, Group { last: id.unwrap_or(stream.last), read, ..Group::default() });
        Value::ok()
    }

    fn claim(&mut self, at: At, who: Name, min_idle: i64, ids: &[Id], how: &How, now: i64) -> Value {
        let Some(stream) = self.stream_mut(at.key) else { return nogroup() };
        let Some(group) = stream.groups.get_mut(at.group) else { return nogroup() };
        group.last = how.last.map_or(group.last, |last| group.last.max(last));
        group.consumers.insert(who);
        let mut claimed = Vec::new();
        for id in ids {
            let Some(payload) = stream.entries.get(id) else {
                group.pending.remove(id);
                continue;
            };
            let before = match group.pending.get(id) {
                Some(pending) if pending.is_claimable(now, min_idle) => pending.deliveries,
                None if how.force => 1,
                _ => continue,
            };
            let counted = before.saturating_add(i64::from(!how.just_id));
            let at_ms = how.idle.map_or(now, |idle| now - idle);
            let deliveries = how.retry.unwrap_or(counted);
            group.pending.insert(*id, Pending { owner: Some(who), at_ms, deliveries });
            claimed.push(if how.just_id { Value::text(id) } else { entry(*id, payload) });
        }
        Value::List(claimed)
    }

    #[expect(clippy::too_many_arguments, reason = "as many as XAUTOCLAIM has")]
    fn auto_claim(
        &mut self,
        at: At,
        who: Name,
        min_idle: i64,
        start: Id,
        count: usize,
        just_id: bool,
        now: i64,
    ) -> Value {
        let Some(stream) = self.stream_mut(at.key) else { return nogroup() };
        let Some(group) = stream.groups.get_mut(at.group) else { return nogroup() };
        group.consumers.insert(who);
        let (mut claimed, mut gone, mut looks) = (Vec::new(), Vec::new(), 0);
        let mut next = Id::default();
        let pending: Vec<Id> = group.pending.range(start..).map(|(id, _)| *id).collect();
        for id in pending {
            // It looks at ten for each that it may claim.
            if claimed.len() + gone.len() == count || looks == count * 10 {
                next = id;
                break;
            }
            looks += 1;
            let Some(payload) = stream.entries.get(&id) else {
                group.pending.remove(&id);
                gone.push(Value::text(id));
                continue;
            };
            let Some(pending) = group.pending.get_mut(&id).filter(|p| p.is_claimable(now, min_idle)) else { continue };
            let deliveries = pending.deliveries.saturating_add(i64::from(!just_id));
            *pending = Pending { owner: Some(who), at_ms: now, deliveries };
            claimed.push(if just_id { Value::text(id) } else { entry(id, payload) });
        }
        Value::List(vec![Value::text(next), Value::List(claimed), Value::List(gone)])
    }

    fn nack(&mut self, at: At, mode: Nack, ids: &[Id], retry: Option<i64>, force: bool) -> Value {
        let Some(stream) = self.stream_mut(at.key) else { return nogroup() };
        let Some(group) = stream.groups.get_mut(at.group) else { return nogroup() };
        let mut released = 0;
        for id in ids {
            let before = match group.pending.get(id) {
                Some(pending) => pending.deliveries,
                None if force && stream.entries.contains_key(id) => 0,
                None => continue,
            };
            let counted = match mode {
                Nack::Silent => (before - 1).max(0),
                Nack::Fail => before,
                Nack::Fatal => i64::MAX,
            };
            group.pending.insert(*id, Pending { owner: None, at_ms: 0, deliveries: retry.unwrap_or(counted) });
            released += 1;
        }
        Value::count(released)
    }
}

impl Group {
    /// XPENDING key group.
    fn summary(&self) -> Value {
        let (Some(first), Some(last)) = (self.pending.keys().next(), self.pending.keys().next_back()) else {
            return Value::List(vec![Value::Int(0), Value::Nil, Value::Nil, Value::Nil]);
        };
        let owners = self.consumers.iter().map(|name| {
            let own = self.pending.values().filter(|p| p.owner == Some(*name)).count();
            (own > 0).then(|| Value::List(vec![Value::text(name), Value::text(own)]))
        });
        let total = Value::count(self.pending.len());
        Value::List(vec![total, Value::text(first), Value::text(last), Value::List(owners.flatten().collect())])
    }

    /// XPENDING key group IDLE min-idle - + count [consumer].
    fn listing(&self, min_idle: i64, count: usize, who: Option<Name>, now: i64) -> Value {
        let wanted =
            |p: &Pending| (min_idle == 0 || p.is_claimable(now, min_idle)) && (who.is_none() || p.owner == who);
        let show = |(id, p): (&Id, &Pending)| {
            let idle = if p.owner.is_none() { -1 } else { p.idle(now) };
            let owner = Value::text(p.owner.unwrap_or_default());
            Value::List(vec![Value::text(id), owner, Value::Int(idle), Value::Int(p.deliveries)])
        };
        Value::List(self.pending.iter().filter(|(_, p)| wanted(p)).take(count).map(show).collect())
    }
}
