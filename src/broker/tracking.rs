//! CLIENT TRACKING: which client may hold a copy of which key, and telling it that its copy is old.
//!
//! A key is known by its name alone, whatever its database, as in the reference. In the usual mode the table remembers who
//! read what, and forgets it with the first invalidation; broadcasting clients name prefixes and are remembered nowhere
//! else. What was changed comes from the store, as for WATCH ([`super::watch`]). A client that ended or stopped
//! tracking may stand in the table until its keys change; the table is bounded by `tracking-table-max-keys`.
//! Must never know: verbs, which calls are tracked.

use super::Engine;
use super::client::ClientId;
use super::mailbox::Message;
use crate::command::args::Args;
use crate::command::spec::{Group, Spec};
use crate::reply::Reply;
use crate::resp::Protocol;
use brooklet_storage::store::Touch;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// Where RESP2 clients listen for invalidations.
const CHANNEL: &str = "__redis__:invalidate";

type Name = Box<[u8]>;

/// Which reads are remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// All.
    #[default]
    All,
    /// Those behind CLIENT CACHING YES.
    OptIn,
    /// All but those behind CLIENT CACHING NO.
    OptOut,
    /// None: all changes below the client's prefixes are told.
    Broadcast,
}

/// How a client tracks.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    /// Which reads are remembered.
    pub mode: Mode,
    /// Its own changes are not told to it.
    pub no_loop: bool,
    /// Who is told in its place.
    pub redirect: Option<ClientId>,
    /// That client is gone.
    pub broken: bool,
    /// Prefixes of broadcasts.
    pub prefixes: BTreeSet<Name>,
    /// CLIENT CACHING was called for the next call, or the next transaction.
    pub caching: bool,
}

impl Tracker {
    /// Whether keys that are read now are remembered.
    fn remembers(&self) -> bool {
        match self.mode {
            Mode::All => true,
            Mode::OptIn => self.caching,
            Mode::OptOut => !self.caching,
            Mode::Broadcast => false,
        }
    }
}

/// All that is tracked.
#[derive(Debug, Default)]
pub struct Tracking {
    clients: HashMap<ClientId, Tracker>,
    table: BTreeMap<Name, BTreeSet<ClientId>>,
    /// Clients in the table, each for each of its keys.
    items: usize,
    prefixes: BTreeMap<Name, BTreeSet<ClientId>>,
    /// Keys below each prefix that the call that runs has changed, and whose doing it was: told when it is over.
    untold: BTreeMap<Name, BTreeMap<Name, Option<ClientId>>>,
    /// Where the last key was that had to make room.
    hand: Name,
}

impl Tracking {
    /// Whether nobody tracks.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Clients that track.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Keys that are remembered.
    pub fn keys(&self) -> usize {
        self.table.len()
    }

    /// Clients of all these keys, counted for each.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Prefixes of broadcasts.
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }

    /// How a client tracks, if it does.
    pub fn get(&self, client: ClientId) -> Option<&Tracker> {
        self.clients.get(&client)
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, client: ClientId) -> Option<&mut Tracker> {
        self.clients.get_mut(&client)
    }

    fn remember(&mut self, client: ClientId, name: &[u8]) {
        match self.table.get_mut(name) {
            Some(clients) => self.items += usize::from(clients.insert(client)),
            None => {
                self.table.insert(name.into(), BTreeSet::from([client]));
                self.items += 1;
            }
        }
    }

    fn forget(&mut self, name: &[u8]) -> BTreeSet<ClientId> {
        let clients = self.table.remove(name).unwrap_or_default();
        self.items -= clients.len();
        clients
    }

    /// A key that has to make room for others: the next one behind the last.
    fn next_to_go(&self) -> Option<Name> {
        let behind = self.table.range::<[u8], _>((Bound::Excluded(&*self.hand), Bound::Unbounded));
        behind.chain(self.table.iter()).next().map(|(name, _)| name.clone())
    }

    /// Notes a change for those who broadcast.
    fn note(&mut self, name: &Name, actor: Option<ClientId>) {
        for prefix in self.prefixes.keys().filter(|prefix| name.starts_with(prefix)) {
            let names = self.untold.entry(prefix.clone()).or_default();
            let before = names.entry(name.clone()).or_insert(actor);
            if *before != actor {
                *before = None;
            }
        }
    }

    fn stop(&mut self, client: ClientId) {
        let Some(tracker) = self.clients.remove(&client) else { return };
        for prefix in tracker.prefixes {
            if let Some(clients) = self.prefixes.get_mut(&prefix) {
                clients.remove(&client);
                if clients.is_empty() {
                    self.prefixes.remove(&prefix);
                }
            }
        }
        if self.clients.is_empty() {
            *self = Tracking::default();
        }
    }
}

/// What an invalidation says: these keys, or all keys.
type Keys<'a> = Option<&'a [Name]>;

/// One invalidation in both forms, each made when it is first needed.
#[derive(Default)]
struct Invalidation {
    pushed: Option<Arc<Message>>,
    published: Option<Arc<Message>>,
}

impl Invalidation {
    fn names(keys: Keys<'_>) -> Reply {
        keys.map_or(Reply::Null, |keys| Reply::Array(keys.iter().map(Reply::bulk).collect()))
    }

    fn pushed(&mut self, keys: Keys<'_>) -> Arc<Message> {
        let make = || Message::new(Reply::Push(vec![Reply::text("invalidate"), Self::names(keys)]));
        Arc::clone(self.pushed.get_or_insert_with(make))
    }

    fn published(&mut self, keys: Keys<'_>) -> Arc<Message> {
        let items = || vec![Reply::text("message"), Reply::text(CHANNEL), Self::names(keys)];
        Arc::clone(self.published.get_or_insert_with(|| Message::new(Reply::Push(items()))))
    }
}

impl Engine {
    /// Begins to track, or changes how. Prefixes are added to those that are there.
    pub fn track(&mut self, client: ClientId, mut tracker: Tracker) {
        if let Some(before) = self.tracking.clients.remove(&client) {
            tracker.prefixes.extend(before.prefixes);
        }
        for prefix in &tracker.prefixes {
            self.tracking.prefixes.entry(prefix.clone()).or_default().insert(client);
        }
        self.tracking.clients.insert(client, tracker);
        self.note_changes();
        self.store.touched.get_or_insert_default();
    }

    /// Ends it.
    pub fn untrack(&mut self, client: ClientId) {
        self.tracking.stop(client);
    }

    /// Who is told in a client's place, as clients ask for it: 0 is itself, -1 is nobody.
    pub fn redirect_of(&self, client: ClientId) -> i64 {
        let Some(tracker) = self.tracking.get(client) else { return -1 };
        tracker.redirect.map_or(0, |id| id as i64)
    }

    /// Remembers what a call has read, if its client tracks that.
    pub(super) fn track_call(&mut self, client: ClientId, spec: &'static Spec, args: Args<'_>) {
        // A script reads nothing; what it calls does.
        if spec.kind.reads()
            && spec.group != Group::Scripting
            && let Ok(keys) = spec.keys.positions(args)
        {
            self.remember_reads(client, keys.into_iter().map(|at| args.at(at)));
        }
        self.use_up_caching(client, Some(spec));
    }

    /// A call has run or was refused, maybe one that does not exist: what CLIENT CACHING asked for is used up. Other
    /// subcommands may stand in between.
    pub(crate) fn use_up_caching(&mut self, client: ClientId, spec: Option<&Spec>) {
        let in_transaction = self.in_queue || self.clients.get(client).is_some_and(|c| c.transaction.is_some());
        if !in_transaction
            && !spec.is_some_and(|spec| spec.name.starts_with("client|"))
            && let Some(tracker) = self.tracking.get_mut(client)
        {
            tracker.caching = false;
        }
    }

    /// Remembers that a client was told what these keys are.
    fn remember_reads<'a>(&mut self, client: ClientId, names: impl Iterator<Item = &'a [u8]>) {
        if !self.tracking.get(client).is_some_and(Tracker::remembers) {
            return;
        }
        names.for_each(|name| self.tracking.remember(client, name));
        let most = self.config.tracking_table_max_keys;
        while most > 0
            && self.tracking.keys() as u64 > most
            && let Some(name) = self.tracking.next_to_go()
        {
            self.tracking.hand.clone_from(&name);
            self.invalidate(name, None);
        }
    }

    /// Tells those who track what was touched by `actor`. Changes below a prefix are noted, and told together.
    pub(super) fn invalidate_touched(&mut self, touched: &[Touch], actor: Option<ClientId>) {
        for touch in touched {
            match touch {
                Touch::Key { name, is_over, .. } => {
                    // Nobody wanted a key to go whose time is over. (Whose read it was that remembered it learns that anyway.)
                    self.tracking.note(name, actor.filter(|_| !is_over));
                    self.invalidate(name.clone(), actor);
                }
                Touch::Emptied => self.invalidate_all(),
                Touch::Flushed { .. } | Touch::Swapped { .. } => {}
            }
        }
    }

    /// Tells those who broadcast what has changed below their prefixes.
    pub(super) fn tell_broadcasts(&mut self) {
        for (prefix, names) in std::mem::take(&mut self.tracking.untold) {
            let clients = self.tracking.prefixes.get(&prefix).cloned().unwrap_or_default();
            let authors: BTreeSet<ClientId> = names.values().flatten().copied().collect();
            let is_quiet =
                |id: &ClientId| authors.contains(id) && self.tracking.get(*id).is_some_and(|tracker| tracker.no_loop);
            let (quiet, others): (BTreeSet<_>, BTreeSet<_>) = clients.into_iter().partition(is_quiet);
            let all: Vec<Name> = names.keys().cloned().collect();
            self.tell(others, Some(&all), None);
            for id in quiet {
                let foreign = names.iter().filter(|(_, author)| **author != Some(id));
                let foreign: Vec<Name> = foreign.map(|(name, _)| name.clone()).collect();
                if !foreign.is_empty() {
                    self.tell(BTreeSet::from([id]), Some(&foreign), None);
                }
            }
        }
    }

    fn invalidate(&mut self, name: Name, actor: Option<ClientId>) {
        let clients = self.tracking.forget(&name);
        if !clients.is_empty() {
            self.tell(clients, Some(&[name]), actor);
        }
    }

    fn invalidate_all(&mut self) {
        (self.tracking.table, self.tracking.items) = (BTreeMap::new(), 0);
        let clients = self.tracking.clients.keys().copied().collect();
        self.tell(clients, None, None);
    }

    fn tell(&mut self, clients: BTreeSet<ClientId>, keys: Keys<'_>, actor: Option<ClientId>) {
        let mut invalidation = Invalidation::default();
        for id in clients {
            let Some(tracker) = self.tracking.get_mut(id) else { continue };
            if tracker.no_loop && actor == Some(id) {
                continue;
            }
            let (to, redirected) = (tracker.redirect.unwrap_or(id), tracker.redirect.is_some());
            let Some(target) = self.clients.get(to).filter(|c| !c.killed) else {
                self.note_broken(id, to);
                continue;
            };
            if target.protocol == Protocol::Resp3 {
                self.deliver(to, &invalidation.pushed(keys));
            } else if redirected && target.subscriber {
                self.deliver(to, &invalidation.published(keys));
            }
        }
    }

    /// The client that is told in place of `id` is gone. It can only learn that over RESP3.
    fn note_broken(&mut self, id: ClientId, gone: ClientId) {
        if let Some(tracker) = self.tracking.get_mut(id) {
            tracker.broken = true;
        }
        if self.clients.get(id).is_some_and(|c| c.protocol == Protocol::Resp3) {
            let items = vec![Reply::text("tracking-redir-broken"), Reply::Integer(gone as i64)];
            self.deliver(id, &Message::new(Reply::Push(items)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::Executed;
    use crate::command::args::OwnedArgs;
    use crate::command::cold_kit::Broker;
    use crate::command::dispatch::dispatch;

    #[test]
    fn nobody_is_the_cause_of_what_happens_behind_a_call_that_is_not_over() {
        let mut broker = Broker::after(&["SET k 1"]);
        let call = OwnedArgs::collect(["GET", "k"]);
        broker.engine.begin_turn();
        let executed = dispatch(&mut broker.engine, broker.client, call.as_args(), &mut 0);
        assert!(matches!(executed, Executed::Missing(_)));
        assert_eq!(broker.engine.actor, None);
    }

    #[test]
    fn what_others_did_is_told_of_a_key_that_several_have_changed() {
        let mut tracking = Tracking::default();
        tracking.prefixes.insert(Box::default(), BTreeSet::from([1]));
        let name: Name = Box::from(*b"k");
        tracking.note(&name, Some(1));
        assert_eq!(tracking.untold[&b""[..]][&name], Some(1));
        tracking.note(&name, None);
        assert_eq!(tracking.untold[&b""[..]][&name], None);
    }

    #[test]
    fn a_key_that_makes_room_is_another_one_each_time() {
        let mut tracking = Tracking::default();
        tracking.clients.insert(1, Tracker::default());
        [b"a", b"b", b"c"].iter().for_each(|name| tracking.remember(1, *name));
        tracking.remember(2, b"a");
        assert_eq!((tracking.keys(), tracking.items()), (3, 4));
        let mut gone = Vec::new();
        for _ in 0..2 {
            let name = tracking.next_to_go().unwrap();
            tracking.hand.clone_from(&name);
            gone.push(tracking.forget(&name).len());
        }
        assert_eq!((gone, tracking.items()), (vec![2, 1], 1));
        assert_eq!(tracking.next_to_go().as_deref(), Some(&b"c"[..]));
        tracking.stop(1);
        assert!(tracking.is_empty() && tracking.keys() == 0);
    }
}
