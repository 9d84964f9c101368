//! What the logs prove, and what must therefore be found after a restart.

use super::traffic::{Event, Role, What, entries, read_id, words};
use super::{GROUPS, Id, STREAM};
use brooklet_testkit::{Client, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

/// What is known of an entry in one group.
#[derive(Clone, Debug, Default)]
struct Known {
    /// Whoever got it and had a reply: from and until when.
    holders: Vec<(Role, u64, u64)>,
    /// When an acknowledgement was replied to; and whether one was sent at all.
    acked: Option<u64>,
    ack_sent: bool,
}

#[derive(Debug, Default)]
pub struct Ledger {
    /// Entries that are known to be, or to have been, in the stream.
    numbers: BTreeMap<Id, u64>,
    /// Added, and nobody knows whether.
    unknown: BTreeSet<u64>,
    /// Sent for deletion, and known to be deleted.
    doomed: BTreeSet<Id>,
    deleted: BTreeSet<Id>,
    groups: [BTreeMap<Id, Known>; GROUPS.len()],
    /// Who may have been given anything, because its last call was not answered.
    strays: [BTreeSet<Role>; GROUPS.len()],
    /// The highest id that each producer was answered.
    tops: BTreeMap<usize, Id>,
    faults: Vec<String>,
    events: usize,
}

impl Ledger {
    pub fn summary(&self) -> String {
        let acked: usize = self.groups.iter().map(|g| g.values().filter(|k| k.acked.is_some()).count()).sum();
        format!("{} calls, {} entries, {acked} acknowledgements", self.events, self.numbers.len())
    }

    /// Entries that every group has acknowledged.
    pub fn done_everywhere(&self) -> Vec<Id> {
        let is_done = |id: &Id| self.groups.iter().all(|group| group.get(id).is_some_and(|k| k.acked.is_some()));
        self.numbers.keys().copied().filter(|id| is_done(id) && !self.doomed.contains(id)).collect()
    }

    /// Takes in what one connection did. Logs of a round may come in any order.
    pub fn take(&mut self, log: Vec<Event>) {
        self.events += log.len();
        for Event { who, start, end, what } in log {
            match what {
                What::Added { number, id: None } => drop(self.unknown.insert(number)),
                What::Added { number, id: Some(id) } => self.added(who, number, id),
                What::Delivered { group, entries } | What::Claimed { group, entries } if end.is_some() => {
                    for (id, number) in entries {
                        self.met(id, number);
                        let known = self.groups[group].entry(id).or_default();
                        known.holders.push((who, start, end.unwrap_or(start)));
                    }
                }
                What::Delivered { group, .. } | What::Claimed { group, .. } => {
                    self.strays[group].insert(who);
                }
                What::Acked { group, ids } => {
                    for id in ids {
                        let known = self.groups[group].entry(id).or_default();
                        known.ack_sent = true;
                        known.acked = known.acked.into_iter().chain(end).min();
                    }
                }
                What::Deleted { ids } => {
                    self.deleted.extend(ids.iter().filter(|_| end.is_some()));
                    self.doomed.extend(ids);
                }
            }
        }
    }

    fn added(&mut self, who: Role, number: u64, id: Id) {
        self.met(id, number);
        let Role::Producer(at) = who else { return };
        let top = self.tops.entry(at).or_default();
        if id <= *top {
            self.faults.push(format!("producer {at} got {id:?} after {top:?}"));
        }
        *top = id;
    }

    /// An entry was seen: an id has one content for ever.
    fn met(&mut self, id: Id, number: u64) {
        self.unknown.remove(&number);
        let known = *self.numbers.entry(id).or_insert(number);
        if known != number {
            self.faults.push(format!("{id:?} holds {number}, and held {known}"));
        }
    }

    /// Compares what a restarted server has with what the logs prove.
    pub fn verify(&mut self, client: &mut Client, clock: &AtomicU64) -> Result<(), String> {
        let live = self.verify_stream(client)?;
        for group in 0..GROUPS.len() {
            let pending = self.verify_group(client, group, &live)?;
            for (id, owner) in pending {
                self.verify_owner(group, id, &owner, clock)?;
            }
            self.verify_once(group)?;
        }
        self.strays = Default::default();
        match self.faults.first() {
            Some(fault) => Err(fault.clone()),
            None => Ok(()),
        }
    }

    /// What was acknowledged and not deleted is there, with its content; nothing else is.
    fn verify_stream(&mut self, client: &mut Client) -> Result<BTreeSet<Id>, String> {
        let found = entries(Some(&call(client, &["XRANGE", STREAM, "-", "+"])?))?;
        let known: BTreeSet<u64> = self.numbers.values().copied().collect();
        for (id, number) in &found {
            if !known.contains(number) && !self.unknown.contains(number) {
                return Err(format!("{id:?} holds {number}, which nobody added"));
            }
            self.met(*id, *number);
        }
        let live: BTreeSet<Id> = found.iter().map(|(id, _)| *id).collect();
        // What nobody knew of is not there now, so it never will be.
        self.unknown.clear();
        let lost = self.numbers.keys().find(|id| !live.contains(id) && !self.doomed.contains(id));
        if let Some(id) = lost {
            return Err(format!("{id:?} was acknowledged and is gone"));
        }
        if let Some(id) = self.deleted.iter().find(|id| live.contains(id)) {
            return Err(format!("{id:?} was deleted and is there"));
        }
        let length = call(client, &["XLEN", STREAM])?.number();
        if length != Some(live.len() as i64) {
            return Err(format!("XLEN {length:?}, and {} entries", live.len()));
        }
        Ok(live)
    }

    /// Nothing is given to two as new, and nothing to anybody after its acknowledgement was answered.
    fn verify_once(&self, group: usize) -> Result<(), String> {
        for (id, known) in &self.groups[group] {
            let fresh = known.holders.iter().filter(|(who, ..)| matches!(who, Role::Consumer(..))).count();
            if fresh > 1 {
                return Err(format!("{id:?} was delivered as new {fresh} times in {}: {known:?}", GROUPS[group]));
            }
            if let Some(acked) = known.acked
                && let Some(late) = known.holders.iter().find(|(_, start, _)| *start > acked)
            {
                return Err(format!("{id:?} was acknowledged at {acked} in {}, then given to {late:?}", GROUPS[group]));
            }
        }
        Ok(())
    }

    fn verify_group(
        &self,
        client: &mut Client,
        group: usize,
        live: &BTreeSet<Id>,
    ) -> Result<BTreeMap<Id, String>, String> {
        let name = GROUPS[group];
        let info = call(client, &["XINFO", "GROUPS", STREAM])?;
        let info = info.items().into_iter().find(|g| g.get("name").and_then(|n| n.text()).as_deref() == Some(name));
        let info = info.ok_or_else(|| format!("{name} is gone"))?;
        let cursor =
            info.get("last-delivered-id").and_then(|id| id.text()).as_deref().and_then(read_id).unwrap_or_default();
        let lag = live.range((cursor.0, cursor.1 + 1)..).count() as i64;
        if info.get("lag").and_then(|lag| lag.number()) != Some(lag) {
            return Err(format!("{name}: lag {:?}, {lag} entries are to come", info.get("lag")));
        }
        let pending = self.pending(client, name)?;
        if info.get("pending").and_then(|n| n.number()) != Some(pending.len() as i64) {
            return Err(format!("{name}: pending {:?}, listed {}", info.get("pending"), pending.len()));
        }
        for (id, owner) in &pending {
            let known = self.groups[group].get(id);
            if known.is_some_and(|k| k.acked.is_some()) {
                return Err(format!("{name}: {id:?} was acknowledged and is pending for {owner}"));
            }
        }
        for id in live.range(..=cursor).filter(|id| !pending.contains_key(id)) {
            if !self.groups[group].get(id).is_some_and(|k| k.ack_sent) {
                return Err(format!("{name}: {id:?} is behind the cursor, not pending, and nobody acknowledged it"));
            }
        }
        let skipped = self.groups[group].iter().find(|(id, k)| **id > cursor && !k.holders.is_empty());
        skipped.map_or(Ok(pending), |(id, _)| Err(format!("{name}: {id:?} was delivered, the cursor is {cursor:?}")))
    }

    /// XPENDING, listed; the summary must agree with it.
    fn pending(&self, client: &mut Client, group: &str) -> Result<BTreeMap<Id, String>, String> {
        let list = call(client, &["XPENDING", STREAM, group, "-", "+", "1000000"])?;
        let pair = |item: Value| {
            let parts = item.items();
            Some((parts.first()?.text().as_deref().and_then(read_id)?, parts.get(1)?.text()?))
        };
        let list: Vec<(Id, String)> = list.items().into_iter().filter_map(pair).collect();
        let summary = call(client, &["XPENDING", STREAM, group])?.items();
        let total = summary.first().and_then(Value::number);
        let shares = summary.get(3).map(Value::items).unwrap_or_default();
        let shares: i64 = shares.iter().filter_map(|share| share.items().get(1)?.number()).sum();
        let pending: BTreeMap<Id, String> = list.iter().cloned().collect();
        if pending.len() != list.len() || total != Some(list.len() as i64) || shares != list.len() as i64 {
            return Err(format!(
                "{group}: {} pending, the summary says {total:?}, consumers have {shares}",
                list.len()
            ));
        }
        Ok(pending)
    }

    /// Its owner got it last; where two calls overlapped, either may have; or a call of the owner's was not answered, and
    /// that it was given the entry is known only now.
    fn verify_owner(&mut self, group: usize, id: Id, owner: &str, clock: &AtomicU64) -> Result<(), String> {
        let known = self.groups[group].entry(id).or_default();
        let is_last = |(_, _, end): &(Role, u64, u64)| !known.holders.iter().any(|(_, start, _)| start > end);
        if known.holders.iter().filter(|h| is_last(h)).any(|(who, ..)| who.name() == owner) {
            return Ok(());
        }
        let Some(stray) = self.strays[group].iter().find(|who| who.name() == owner) else {
            return Err(format!("{}: {id:?} is pending for {owner}, who had it: {:?}", GROUPS[group], known.holders));
        };
        let now = clock.fetch_add(1, Ordering::SeqCst);
        known.holders.push((*stray, now, now));
        Ok(())
    }

    /// Takes all that is left, in every group: then each entry was delivered in each.
    pub fn drain(&mut self, client: &mut Client, clock: &AtomicU64) -> Result<(), String> {
        let stamp = || clock.fetch_add(1, Ordering::SeqCst);
        for (group, name) in GROUPS.into_iter().enumerate() {
            let who = Role::Consumer(group, 9);
            let (reader, start) = (who.name(), stamp());
            let reply = call(client, &["XREADGROUP", "GROUP", name, &reader, "STREAMS", STREAM, ">"])?;
            let list = reply.items().first().map(Value::items).and_then(|pair| pair.get(1).cloned());
            let what = What::Delivered { group, entries: entries(list.as_ref())? };
            self.take(vec![Event { who, start, end: Some(stamp()), what }]);
            let pending = self.pending(client, name)?;
            for id in self.numbers.keys() {
                let known = self.groups[group].get(id);
                let is_accounted =
                    known.is_some_and(|k| !k.holders.is_empty() || k.ack_sent) || pending.contains_key(id);
                if !is_accounted && !self.doomed.contains(id) {
                    return Err(format!("{name} was never given {id:?}"));
                }
            }
        }
        self.verify(client, clock)
    }
}

fn call(client: &mut Client, call: &[&str]) -> Result<Value, String> {
    match client.call(&words(call)) {
        Ok(Value::Error(why)) => Err(format!("{call:?}: {}", String::from_utf8_lossy(&why))),
        Ok(value) => Ok(value),
        Err(why) => Err(format!("{call:?}: {why:?}")),
    }
}
