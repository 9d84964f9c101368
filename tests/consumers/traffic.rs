//! Who does what on the sockets, and the log that each keeps of it.

use super::{GROUPS, Id, STREAM};
use brooklet_testkit::client::{NoReply, PATIENCE};
use brooklet_testkit::{Client, Value};
use fastrand::Rng;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What one connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Producer(usize),
    /// A consumer of a group.
    Consumer(usize, usize),
    /// Takes over what others have, in a group.
    Claimer(usize),
    /// Deletes what all groups are done with.
    Deleter,
}

impl Role {
    pub fn all() -> Vec<Role> {
        let mut all = vec![Role::Producer(0), Role::Producer(1), Role::Producer(2), Role::Deleter];
        for group in 0..GROUPS.len() {
            all.extend([Role::Consumer(group, 0), Role::Consumer(group, 1), Role::Claimer(group)]);
        }
        all
    }

    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// What was asked for, and what came of it.
#[derive(Clone, Debug)]
pub enum What {
    Added {
        number: u64,
        id: Option<Id>,
    },
    /// With the numbers that were in the entries.
    Delivered {
        group: usize,
        entries: Vec<(Id, u64)>,
    },
    Claimed {
        group: usize,
        entries: Vec<(Id, u64)>,
    },
    Acked {
        group: usize,
        ids: Vec<Id>,
    },
    Deleted {
        ids: Vec<Id>,
    },
}

/// One call: the counter before it was sent, and after its reply was read.
#[derive(Clone, Debug)]
pub struct Event {
    pub who: Role,
    pub start: u64,
    pub end: Option<u64>,
    pub what: What,
}

pub struct Worker<'a> {
    role: Role,
    name: String,
    client: Client,
    rng: Rng,
    clock: &'a AtomicU64,
    over: &'a AtomicBool,
    log: Vec<Event>,
    /// Delivered to this one and not acknowledged by it.
    held: Vec<Id>,
}

impl<'a> Worker<'a> {
    pub fn new(role: Role, client: Client, rng: Rng, clock: &'a AtomicU64, over: &'a AtomicBool) -> Worker<'a> {
        Worker { role, name: role.name(), client, rng, clock, over, log: Vec::new(), held: Vec::new() }
    }

    /// Works until the server is gone. `done`: what the deleter may delete.
    pub fn work(mut self, done: &[Id]) -> Result<Vec<Event>, String> {
        let mut done = done.to_vec();
        loop {
            let goes_on = match self.role {
                Role::Producer(_) => self.produce()?,
                Role::Consumer(group, _) => self.consume(group)?,
                Role::Claimer(group) => self.claim(group)?,
                Role::Deleter => self.delete(&mut done)?,
            };
            if !goes_on {
                return Ok(self.log);
            }
        }
    }

    fn stamp(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// Calls; `None` if the server is gone. `what` reads the reply; without one it says what may have happened.
    fn call(
        &mut self,
        words: &[String],
        what: impl FnOnce(Option<&Value>) -> Result<What, String>,
    ) -> Result<Option<What>, String> {
        let start = self.stamp();
        let reply = match self.client.call(words) {
            Ok(reply) => Some(reply),
            Err(NoReply::Closed) => None,
            Err(NoReply::Silence) if self.over.load(Ordering::Relaxed) => None,
            Err(other) => return Err(format!("{}: {words:?} was answered {other:?} within {PATIENCE:?}", self.name)),
        };
        let end = reply.is_some().then(|| self.stamp());
        let what = what(reply.as_ref()).map_err(|why| format!("{}: {words:?}: {why}: {reply:?}", self.name))?;
        self.log.push(Event { who: self.role, start, end, what: what.clone() });
        Ok(reply.map(|_| what))
    }

    fn produce(&mut self) -> Result<bool, String> {
        let Role::Producer(at) = self.role else { return Ok(false) };
        std::thread::sleep(Duration::from_micros(self.rng.u64(..300)));
        let number = self.stamp() * 10 + at as u64;
        let call = words(&["XADD", STREAM, "*", "n", &number.to_string()]);
        let added = self.call(&call, |reply| {
            let id = reply.map(|reply| reply.text().as_deref().and_then(read_id).ok_or("not an id")).transpose()?;
            Ok(What::Added { number, id })
        })?;
        Ok(added.is_some())
    }

    fn consume(&mut self, group: usize) -> Result<bool, String> {
        let count = self.rng.u64(1..12).to_string();
        let call = words(&[
            "XREADGROUP",
            "GROUP",
            GROUPS[group],
            &self.name,
            "COUNT",
            &count,
            "BLOCK",
            "5",
            "STREAMS",
            STREAM,
            ">",
        ]);
        let read = self.call(&call, |reply| {
            let streams = reply.map(Value::items).unwrap_or_default();
            let list = streams.first().map(Value::items).and_then(|pair| pair.get(1).cloned());
            Ok(What::Delivered { group, entries: entries(list.as_ref())? })
        })?;
        let Some(What::Delivered { entries, .. }) = read else { return Ok(false) };
        self.held.extend(entries.iter().map(|(id, _)| *id));
        self.ack(group)
    }

    /// Acknowledges some of what it has; some it keeps for others to claim.
    fn ack(&mut self, group: usize) -> Result<bool, String> {
        let rng = &mut self.rng;
        let ids: Vec<Id> = self.held.drain(..).filter(|_| rng.u8(..10) < 9).collect();
        if ids.is_empty() {
            return Ok(true);
        }
        let mut call = words(&["XACK", STREAM, GROUPS[group]]);
        call.extend(ids.iter().map(|(ms, seq)| format!("{ms}-{seq}")));
        let acked = self.call(&call, |reply| {
            let most = ids.len() as i64;
            match reply.map(Value::number) {
                Some(Some(n)) if (0..=most).contains(&n) => {}
                Some(_) => return Err("not a count".to_owned()),
                None => {}
            }
            Ok(What::Acked { group, ids })
        })?;
        Ok(acked.is_some())
    }

    fn claim(&mut self, group: usize) -> Result<bool, String> {
        std::thread::sleep(Duration::from_millis(self.rng.u64(1..15)));
        let count = self.rng.u64(1..20).to_string();
        let call = words(&["XAUTOCLAIM", STREAM, GROUPS[group], &self.name, "3", "0", "COUNT", &count]);
        let claimed = self.call(&call, |reply| {
            let list = reply.map(Value::items).and_then(|parts| parts.get(1).cloned());
            Ok(What::Claimed { group, entries: entries(list.as_ref())? })
        })?;
        let Some(What::Claimed { entries, .. }) = claimed else { return Ok(false) };
        self.held.extend(entries.iter().map(|(id, _)| *id));
        self.ack(group)
    }

    fn delete(&mut self, done: &mut Vec<Id>) -> Result<bool, String> {
        std::thread::sleep(Duration::from_millis(self.rng.u64(1..20)));
        let ids = done.split_off(done.len().saturating_sub(self.rng.usize(1..200)));
        if ids.is_empty() {
            return Ok(!self.over.load(Ordering::Relaxed));
        }
        let mut call = words(&["XDEL", STREAM]);
        call.extend(ids.iter().map(|(ms, seq)| format!("{ms}-{seq}")));
        Ok(self.call(&call, |_| Ok(What::Deleted { ids }))?.is_some())
    }
}

pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

pub fn read_id(text: &str) -> Option<Id> {
    let (ms, seq) = text.split_once('-')?;
    Some((ms.parse().ok()?, seq.parse().ok()?))
}

/// The entries of a list: id and number.
pub fn entries(list: Option<&Value>) -> Result<Vec<(Id, u64)>, String> {
    let entry = |item: &Value| {
        let parts = item.items();
        let id = parts.first()?.text().as_deref().and_then(read_id)?;
        let number = parts.get(1)?.items().get(1)?.number()?;
        Some((id, number as u64))
    };
    let items = list.map(Value::items).unwrap_or_default();
    items.iter().map(|item| entry(item).ok_or_else(|| format!("not an entry: {item:?}"))).collect()
}
