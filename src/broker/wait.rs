//! Waiting: calls that found nothing and are parked until a key they look at changes, or their time is up.
//!
//! Nothing-found and parked happen under one hold of the engine lock, so no wake-up is lost. Waking runs the same call
//! again; there is no second implementation of any blocking verb. Must never know: which verbs block, sockets.

use super::client::ClientId;
use super::commit::Ticket;
use super::queues::Queues;
use crate::command::args::OwnedArgs;
use crate::command::spec::Spec;
use crate::reply::Reply;
use brooklet_storage::load::Missing;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio::sync::oneshot;

/// What a call that found nothing waits for.
#[derive(Debug)]
pub struct Park {
    /// The keys it looks at.
    pub keys: Vec<Box<[u8]>>,
    /// How long it waits in milliseconds; 0 = for ever.
    pub timeout_ms: u64,
    /// When it should look again although no key changed (an entry falls due), Unix milliseconds, or [`EACH_TICK`].
    pub look_again_ms: Option<i64>,
    /// It waits in the queue of its (one) key, with this priority: see [`super::queues`].
    pub queue: Option<i64>,
    /// The call to run again, where it differs from the one that parked (`$` was resolved).
    pub rewritten: Option<OwnedArgs>,
    /// What it answers when its time is up.
    pub empty: Reply,
    /// What it answers where nothing waits: inside a transaction or a script.
    pub at_once: Reply,
}

/// Looks again with each tick of the timer, about every millisecond, whatever the clock says: for calls that wait for
/// another thread's work.
pub const EACH_TICK: i64 = i64::MIN;

/// A smaller difference between two looks at the clocks is none.
const JUMP_MS: i64 = 100;

/// What ends or interrupts a wait.
#[derive(Debug)]
pub enum Wake {
    /// There is an answer (data, an error, or what stands for "time is up"); it may leave once the ticket is committed.
    Answer(Reply, Ticket),
    /// Something has to be loaded first: load it, call [`super::Engine::resume`], then wait on the new channel.
    Load(Missing, oneshot::Receiver<Wake>),
}

/// Where the answer of a call that is not finished will come.
pub type Answer = oneshot::Receiver<Wake>;

/// A parked call.
#[derive(Debug)]
pub(crate) struct Wait {
    pub client: ClientId,
    pub db: u32,
    pub spec: &'static Spec,
    pub call: OwnedArgs,
    pub keys: Vec<Box<[u8]>>,
    pub deadline_ms: Option<i64>,
    pub look_again_ms: Option<i64>,
    pub queue: Option<i64>,
    pub empty: Reply,
    pub wake: oneshot::Sender<Wake>,
}

impl Wait {
    /// Times of its own. (A queue looks again as one.)
    fn timers(&self) -> impl Iterator<Item = i64> + use<> {
        let look_again_ms = self.look_again_ms.filter(|_| self.queue.is_none());
        self.deadline_ms.into_iter().chain(look_again_ms)
    }
}

/// Arrival order among all waiters; a waiter keeps it when it parks again.
pub(crate) type Place = u64;

/// All parked calls.
#[derive(Debug, Default)]
pub struct Waits {
    waits: BTreeMap<Place, Wait>,
    by_client: HashMap<ClientId, Place>,
    by_key: HashMap<(u32, Box<[u8]>), BTreeSet<Place>>,
    timers: BTreeSet<(i64, Place)>,
    pub(crate) queues: Queues,
    /// [`super::clock::Clock::lead_ms`] at the last look.
    lead_ms: Option<i64>,
    next: Place,
    /// Where the call that runs was parked before.
    pub(crate) woken: Option<Place>,
}

impl Waits {
    /// Number of parked calls.
    pub fn len(&self) -> usize {
        self.waits.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty()
    }

    /// Keys that somebody waits for.
    pub fn keys(&self) -> usize {
        self.by_key.len() + self.queues.len()
    }

    /// Keys that some call waits for whose verb is one of `which`.
    pub fn keys_of_verbs(&self, which: impl Fn(&Spec) -> bool) -> usize {
        let any = |places: &BTreeSet<Place>| places.iter().any(|p| self.waits.get(p).is_some_and(|w| which(w.spec)));
        let queued = self.queues.firsts().filter(|p| self.waits.get(p).is_some_and(|w| which(w.spec))).count();
        self.by_key.values().filter(|places| any(places)).count() + queued
    }

    /// Parked calls with a deadline.
    pub fn with_deadline(&self) -> usize {
        self.waits.values().filter(|w| w.deadline_ms.is_some()).count()
    }

    /// Whether the client is parked.
    pub fn contains(&self, client: ClientId) -> bool {
        self.by_client.contains_key(&client)
    }

    /// Whether the call that runs was parked before: what it found wrong then is no error now.
    pub fn woken(&self) -> bool {
        self.woken.is_some()
    }

    /// Whether somebody who waits for the key looks again at a time of its own (it waits for something to fall due).
    pub fn any_timed(&self, db: u32, name: &[u8]) -> bool {
        let places = self.by_key.get(&(db, name.into()));
        let timed = |place: &Place| self.waits.get(place).is_some_and(|w| w.look_again_ms.is_some());
        places.is_some_and(|places| places.iter().any(timed))
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Option<i64> {
        let timer = self.timers.first().map(|(ms, _)| *ms);
        timer.into_iter().chain(self.queues.next_look()).min()
    }

    /// Parks a call; `place` keeps its old place in all queues.
    pub(crate) fn park(&mut self, wait: Wait, place: Option<Place>) {
        let place = place.unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        for key in &wait.keys {
            match wait.queue {
                Some(priority) => self.queues.join(wait.db, key, priority, place, wait.look_again_ms),
                None => {
                    self.by_key.entry((wait.db, key.clone())).or_default().insert(place);
                }
            }
        }
        for at in wait.timers() {
            self.timers.insert((at, place));
        }
        self.by_client.insert(wait.client, place);
        self.waits.insert(place, wait);
    }

    /// Takes a parked call out.
    pub(crate) fn take(&mut self, place: Place) -> Option<Wait> {
        let wait = self.waits.remove(&place)?;
        self.by_client.remove(&wait.client);
        for at in wait.timers() {
            self.timers.remove(&(at, place));
        }
        for key in &wait.keys {
            if let Some(priority) = wait.queue {
                self.queues.leave(wait.db, key, priority, place);
                continue;
            }
            let key = (wait.db, key.clone());
            if let Some(places) = self.by_key.get_mut(&key) {
                places.remove(&place);
                if places.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        Some(wait)
    }

    /// The parked call in a place.
    pub(crate) fn get(&self, place: Place) -> Option<&Wait> {
        self.waits.get(&place)
    }

    /// The place of a client's parked call.
    pub(crate) fn place_of(&self, client: ClientId) -> Option<Place> {
        self.by_client.get(&client).copied()
    }

    /// The keys of a database that somebody waits for.
    pub(crate) fn keys_of(&self, db: u32) -> impl Iterator<Item = &[u8]> {
        let names = self.by_key.keys().chain(self.queues.names());
        names.filter(move |(of, _)| *of == db).map(|(_, name)| &name[..])
    }

    /// Who waits for a key, in order of arrival.
    pub(crate) fn waiting_for(&self, db: u32, name: &[u8]) -> Vec<Place> {
        self.by_key.get(&(db, name.into())).map_or_else(Vec::new, |p| p.iter().copied().collect())
    }

    /// Whether the machine's clock seems to have been set since the last look.
    #[inline]
    pub(crate) fn has_jumped(&self, lead_ms: i64) -> bool {
        self.lead_ms.is_none_or(|before| (lead_ms - before).abs() >= JUMP_MS)
    }

    /// Moves deadlines with the machine's clock if it was set: who waits for a second waits for a second. (What falls due
    /// at a time of the clock does not move.) Returns by how much.
    pub(crate) fn follow(&mut self, lead_ms: i64) -> i64 {
        let jump_ms = lead_ms - self.lead_ms.replace(lead_ms).unwrap_or(lead_ms);
        if jump_ms.abs() < JUMP_MS {
            return 0;
        }
        self.timers.clear();
        for (place, wait) in &mut self.waits {
            wait.deadline_ms = wait.deadline_ms.map(|at| at.saturating_add(jump_ms));
            self.timers.extend(wait.timers().map(|at| (at, *place)));
        }
        jump_ms
    }

    /// Who must look again now because of the time; whether the wait is over is the caller's question.
    pub(crate) fn due(&self, now_ms: i64) -> Vec<Place> {
        self.timers.range(..=(now_ms, Place::MAX)).map(|(_, place)| *place).collect()
    }
}
