//! WATCH: which client looks at which key, and which of them has to learn that its key was touched.
//!
//! What a key was when the watch began is kept, so nothing has to be looked up (or loaded) when databases are flushed or
//! a deadline passes: while a key is watched and was not touched, it is what it was. Must never know: verbs.

use super::Engine;
use super::client::ClientId;
use brooklet_storage::store::{Store, Touch};
use std::collections::{BTreeSet, HashMap};

type Name = (u32, Box<[u8]>);

/// What a watched key was when the watch began.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Whether it existed.
    pub existed: bool,
    /// When it vanishes, Unix milliseconds.
    pub deadline_ms: Option<u64>,
}

/// All watched keys.
#[derive(Debug, Default)]
pub struct Watches {
    by_key: HashMap<Name, BTreeSet<ClientId>>,
    by_client: HashMap<ClientId, Own>,
}

/// The keys that one client watches.
#[derive(Debug, Default)]
pub struct Own {
    keys: HashMap<Name, Seen>,
    bytes: usize,
}

/// What a watched key costs beyond its name, about.
const KEY_BYTES: usize = 128;

impl Watches {
    /// Whether nobody watches anything.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Keys that somebody watches.
    pub fn keys(&self) -> usize {
        self.by_key.len()
    }

    /// Clients that watch something.
    pub fn clients(&self) -> usize {
        self.by_client.len()
    }

    /// How many keys a client watches.
    pub fn count_of(&self, client: ClientId) -> usize {
        self.by_client.get(&client).map_or(0, |own| own.keys.len())
    }

    /// Bytes that the watches of a client take, about.
    pub fn bytes_of(&self, client: ClientId) -> usize {
        self.by_client.get(&client).map_or(0, |own| own.bytes)
    }

    /// Whether a client watches a key already.
    pub fn contains(&self, client: ClientId, db: u32, name: &[u8]) -> bool {
        self.by_client.get(&client).is_some_and(|own| own.keys.contains_key(&(db, name.into())))
    }

    /// Whether a key that a client watches has vanished at its deadline.
    fn any_over(&self, client: ClientId, now_ms: i64) -> bool {
        let over = |seen: &Seen| seen.deadline_ms.is_some_and(|deadline| deadline as i64 <= now_ms);
        self.by_client.get(&client).is_some_and(|own| own.keys.values().any(over))
    }

    fn add(&mut self, client: ClientId, db: u32, name: &[u8], seen: Seen) {
        let key: Name = (db, name.into());
        self.by_key.entry(key.clone()).or_default().insert(client);
        let own = self.by_client.entry(client).or_default();
        if own.keys.insert(key, seen).is_none() {
            own.bytes += name.len() + KEY_BYTES;
        }
    }

    fn forget(&mut self, client: ClientId) {
        self.suspend(client);
    }

    /// Takes the watches of a client away: of one that runs its transaction.
    pub fn suspend(&mut self, client: ClientId) -> Own {
        let own = self.by_client.remove(&client).unwrap_or_default();
        for key in own.keys.keys() {
            if let Some(clients) = self.by_key.get_mut(key) {
                clients.remove(&client);
                if clients.is_empty() {
                    self.by_key.remove(key);
                }
            }
        }
        own
    }

    /// Gives them back.
    fn resume(&mut self, client: ClientId, own: Own) {
        for key in own.keys.keys() {
            self.by_key.entry(key.clone()).or_default().insert(client);
        }
        if !own.keys.is_empty() {
            self.by_client.insert(client, own);
        }
    }

    /// The clients whose watches a touch breaks. `store` is as it is after it.
    fn broken_by(&self, touch: Touch, store: &Store) -> BTreeSet<ClientId> {
        match touch {
            Touch::Key { db, name, .. } => self.by_key.get(&(db, name)).cloned().unwrap_or_default(),
            Touch::Emptied => BTreeSet::new(),
            Touch::Flushed { db } => self.broken_where(|at, _, seen| at == db && seen.existed),
            // A key that is missing in both is missing still.
            Touch::Swapped { a, b } => self.broken_where(|at, name, seen| {
                (at == a || at == b) && (seen.existed || store.seems_to_exist(at, name))
            }),
        }
    }

    fn broken_where(&self, broken: impl Fn(u32, &[u8], &Seen) -> bool) -> BTreeSet<ClientId> {
        let any = |own: &Own| own.keys.iter().any(|((db, name), seen)| broken(*db, name, seen));
        self.by_client.iter().filter(|(_, own)| any(own)).map(|(client, _)| *client).collect()
    }
}

impl Engine {
    /// Begins to watch a key.
    pub fn watch(&mut self, client: ClientId, name: &[u8], db: u32, seen: Seen) {
        // What was touched before does not count.
        self.note_touches();
        self.watches.add(client, db, name, seen);
        self.store.touched.get_or_insert_default();
    }

    /// Ends all watches of a client, and forgets that they were broken.
    pub fn unwatch(&mut self, client: ClientId) {
        self.watches.forget(client);
        self.forget_touches();
        if let Some(c) = self.clients.get_mut(client) {
            c.watch_broken = false;
        }
    }

    /// Gives a client's watches back: its transaction has not begun after all, and nothing was touched meanwhile.
    pub fn resume_watches(&mut self, client: ClientId, own: Own) {
        self.watches.resume(client, own);
        if !self.watches.is_empty() {
            // While they were away there may have been no reason to collect touches.
            self.store.touched.get_or_insert_default();
        }
    }

    /// Whether a key that the client watches was touched, or has vanished.
    pub fn watch_is_broken(&mut self, client: ClientId, now_ms: i64) -> bool {
        self.note_touches();
        self.watches.any_over(client, now_ms) || self.clients.get(client).is_some_and(|c| c.watch_broken)
    }

    /// Tells those who watch what was touched. One who knows needs to be told nothing more: its watches end.
    #[inline]
    pub(crate) fn note_touches(&mut self) {
        // Nobody watches or tracks anything.
        if self.store.touched.is_some() {
            self.tell_touches();
        }
    }

    fn tell_touches(&mut self) {
        let touched = self.store.touched.as_mut().filter(|touched| !touched.is_empty()).map(std::mem::take);
        if let (Some(touched), false) = (&touched, self.tracking.is_empty()) {
            self.invalidate_touched(touched, self.actor);
        }
        for touch in touched.into_iter().flatten() {
            for client in self.watches.broken_by(touch, &self.store) {
                self.watches.forget(client);
                if let Some(c) = self.clients.get_mut(client) {
                    c.watch_broken = true;
                }
            }
        }
        self.forget_touches();
    }

    /// What is touched need not be collected while nobody watches or tracks.
    fn forget_touches(&mut self) {
        if self.watches.is_empty() && self.tracking.is_empty() {
            self.store.touched = None;
        }
    }
}
