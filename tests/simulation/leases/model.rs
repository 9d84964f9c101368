//! What leases should do, in the simplest words. It does not know which numbers tokens get: it takes those that it sees, and
//! insists that each new one is higher than all before.

use super::{KEYS, holder};
use std::collections::{BTreeMap, BTreeSet};

/// A key that is held.
#[derive(Clone, Debug)]
struct Held {
    holder: String,
    /// 0 = not seen yet.
    token: i64,
    until: i64,
    /// Milliseconds of grace, if it is bound.
    grace: Option<i64>,
    owner: Option<usize>,
}

/// Somebody who waits for a key.
#[derive(Clone, Debug)]
struct Waiter {
    who: usize,
    ttl: i64,
    priority: i64,
    order: u64,
    until: Option<i64>,
    grace: Option<i64>,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug)]
pub enum Ask {
    Acquire { ttl: i64, priority: i64, wait: Option<i64>, grace: Option<i64> },
    Renew { token: i64, ttl: i64 },
    Release { token: i64 },
    Transfer { token: i64, to: usize },
    Write { token: i64 },
    Set { ttl: i64 },
    Delete,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Token and time to live.
    Has(i64, i64),
    HasNot(String),
    Number(i64),
    Token(i64),
    Refused(String),
    Waits,
}

#[derive(Default)]
pub struct Model {
    held: [Option<Held>; KEYS.len()],
    queues: [Vec<Waiter>; KEYS.len()],
    order: u64,
    highest: [i64; KEYS.len()],
    /// All tokens that there ever were.
    tokens: BTreeSet<i64>,
    /// Whose wait has ended, and has not been looked at: the lease or who has it instead.
    pub told: BTreeMap<usize, Result<i64, String>>,
    /// Writes that were accepted.
    pub writes: [i64; KEYS.len()],
}

impl Model {
    /// A token that is new to the model.
    pub fn see(&mut self, key: usize, token: i64) -> i64 {
        let Some(held) = &mut self.held[key] else { return 0 };
        if held.token == 0 && token != 0 {
            assert!(token > self.highest[key], "token {token} is not above {}", self.highest[key]);
            assert!(self.tokens.insert(token), "token {token} is of another holder");
            (held.token, self.highest[key]) = (token, token);
        }
        held.token
    }

    /// What is over goes, and whoever is first has what is free.
    pub fn look(&mut self, now: i64) {
        for key in 0..KEYS.len() {
            if self.held[key].as_ref().is_some_and(|held| held.until <= now) {
                self.held[key] = None;
            }
            self.serve(now, key);
        }
    }

    fn serve(&mut self, now: i64, key: usize) {
        loop {
            let queue = &self.queues[key];
            let first = (0..queue.len()).min_by_key(|i| (-queue[*i].priority, queue[*i].order));
            let Some(first) = first else { return };
            let waiter = &self.queues[key][first];
            if self.held[key].as_ref().is_some_and(|held| held.holder != holder(waiter.who)) {
                return;
            }
            let waiter = self.queues[key].remove(first);
            self.take(now, key, waiter.who, waiter.ttl, waiter.grace);
            self.told.insert(waiter.who, Ok(waiter.ttl));
        }
    }

    /// `who` has it from now on, or still.
    fn take(&mut self, now: i64, key: usize, who: usize, ttl: i64, grace: Option<i64>) {
        let fresh = || Held { holder: holder(who), token: 0, until: 0, grace: None, owner: None };
        let held = self.held[key].get_or_insert_with(fresh);
        held.until = now + ttl;
        held.grace = grace.or(held.grace);
        held.owner = held.grace.map(|_| who);
    }

    /// The timer has looked: waits whose time is up have ended.
    pub fn tick(&mut self, now: i64) {
        self.look(now);
        for key in 0..KEYS.len() {
            let present = self.held[key].as_ref().map_or(String::new(), |held| held.holder.clone());
            let (over, rest) = self.queues[key].drain(..).partition(|w: &Waiter| w.until.is_some_and(|at| at <= now));
            self.queues[key] = rest;
            let over: Vec<Waiter> = over;
            over.into_iter().for_each(|w| drop(self.told.insert(w.who, Err(present.clone()))));
        }
    }

    /// What somebody whose wait has ended is told.
    pub fn told_of(&mut self, who: usize, key: usize, token: i64) -> Told {
        match self.told.remove(&who) {
            Some(Ok(ttl)) => Told::Has(self.see(key, token).max(token), ttl),
            Some(Err(present)) => Told::HasNot(present),
            None => panic!("the wait of client {who} should not have ended"),
        }
    }

    fn holds(&mut self, key: usize, who: usize, token: i64) -> bool {
        token != 0 && self.held[key].as_ref().is_some_and(|held| held.token == token && held.holder == holder(who))
    }

    pub fn ask(&mut self, now: i64, who: usize, key: usize, ask: Ask, seen: i64) -> Told {
        self.look(now);
        let told = match ask {
            Ask::Acquire { ttl, priority, wait, grace } => {
                let other = self.held[key].as_ref().filter(|held| held.holder != holder(who));
                match (other, wait) {
                    (None, _) => {
                        self.take(now, key, who, ttl, grace);
                        Told::Has(self.see(key, seen), ttl)
                    }
                    (Some(held), None) => Told::HasNot(held.holder.clone()),
                    (Some(_), Some(wait)) => {
                        self.order += 1;
                        let (order, until) = (self.order, (wait > 0).then_some(now + wait));
                        self.queues[key].push(Waiter { who, ttl, priority, order, until, grace });
                        Told::Waits
                    }
                }
            }
            Ask::Renew { token, ttl } if self.holds(key, who, token) => {
                if let Some(held) = &mut self.held[key] {
                    held.until = now + ttl;
                    held.owner = held.grace.map(|_| who);
                }
                Told::Number(1)
            }
            Ask::Renew { .. } => Told::Refused("LEASELOST ".to_owned()),
            Ask::Release { token } if self.holds(key, who, token) => {
                self.held[key] = None;
                Told::Number(1)
            }
            Ask::Release { .. } => Told::Number(0),
            Ask::Transfer { token, to } if self.holds(key, who, token) => {
                if let Some(held) = &mut self.held[key] {
                    (held.holder, held.token, held.owner) = (holder(to), 0, None);
                }
                let token = self.see(key, seen);
                self.meet(now, key, to);
                Told::Token(token)
            }
            Ask::Transfer { .. } => Told::Refused("LEASELOST ".to_owned()),
            Ask::Write { token } => match self.held[key].as_ref().map_or(0, |held| held.token) {
                current if current == token && token != 0 => {
                    self.writes[key] += 1;
                    Told::Number(self.writes[key])
                }
                current => Told::Refused(format!("FENCED {current}")),
            },
            Ask::Set { .. } if self.held[key].is_some() => Told::Number(0),
            Ask::Set { ttl } => {
                self.take(now, key, who, ttl, None);
                Told::Number(1)
            }
            Ask::Delete => Told::Number(self.held[key].take().is_some().into()),
        };
        self.look(now);
        told
    }

    /// Somebody has got what it waits for.
    fn meet(&mut self, now: i64, key: usize, who: usize) {
        let Some(place) = self.queues[key].iter().position(|waiter| waiter.who == who) else { return };
        let waiter = self.queues[key].remove(place);
        self.take(now, key, who, waiter.ttl, waiter.grace);
        self.told.insert(who, Ok(waiter.ttl));
    }

    fn end_soon(&mut self, now: i64, is_meant: impl Fn(&Held) -> bool) {
        for held in self.held.iter_mut().flatten().filter(|held| is_meant(held)) {
            held.owner = None;
            held.until = held.until.min(now + held.grace.unwrap_or_default());
        }
    }

    /// A client's connection is gone.
    pub fn leave(&mut self, now: i64, who: usize) {
        self.queues.iter_mut().for_each(|queue| queue.retain(|waiter| waiter.who != who));
        self.end_soon(now, |held| held.owner == Some(who));
        self.look(now);
    }

    /// All connections are gone; what was bound loses its own.
    pub fn restart(&mut self, now: i64) {
        self.queues.iter_mut().for_each(Vec::clear);
        self.told.clear();
        self.end_soon(now, |held| held.grace.is_some());
    }

    /// Holder, token, time to live, how many wait.
    pub fn view(&self, now: i64, key: usize) -> (String, i64, i64, i64) {
        let waiting = self.queues[key].len() as i64;
        match &self.held[key] {
            Some(held) => (held.holder.clone(), held.token, held.until - now, waiting),
            None => (String::new(), 0, -2, waiting),
        }
    }
}
