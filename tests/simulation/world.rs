//! A broker with its clients, its disk and its clock, every step of it taken by hand, and the model beside it.
//!
//! The order in which the engine runs operations is known, because it runs none by itself: each one is given to the
//! model as soon as it ran, and its answer compared, long before anybody is told. What a client is told is noted: the
//! state that a restart finds must be that after some operation, no earlier than the last one that somebody was told
//! of. Read next: `model.rs` (what is right), `act.rs` (what may happen).

mod restart;

use crate::client::{Client, Event, Watch};
use crate::disk::{Disk, Faults, FaultyBackend};
use crate::model::State;
use crate::op::{At, LOCKS, Name, Op, STREAMS};
use crate::value::Value;
use brooklet::broker::clock::{Clock, ManualClock};
use brooklet::broker::shared::Shared;
use brooklet::config::Config;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::checkpoint::{Gathered, Meta, Settler};
use brooklet_storage::journal::Mark;
use brooklet_storage::store::Store;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub const CLIENTS: usize = 6;
const START_MS: i64 = 1_704_067_200_000;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The process: what it handed to the system stays.
    Kill,
    /// The machine: of what was not synced, only so many records of the journal stay.
    PowerCut(u64),
}

/// A checkpoint under way.
pub enum Checkpoint {
    Gathering(Gathered),
    Cut(Gathered, Meta),
}

pub struct World {
    pub config: Config,
    pub always: bool,
    pub clock: ManualClock,
    pub backend: Arc<FaultyBackend>,
    pub disk: Disk,
    pub faults: Arc<Faults>,
    pub shared: Arc<Shared>,
    pub settler: Settler,
    pub checkpoint: Option<Checkpoint>,
    pub clients: Vec<Client>,
    observer: Client,
    /// Groups that were set back: for that alone nobody's wait ends.
    reset: Vec<At>,
    /// Keys for which those who wait look again.
    changed: Vec<Name>,
    pub state: State,
    /// States that a restart may find, each with the number of the operation after which it was.
    pub history: VecDeque<(u64, State)>,
    /// Deadlines of locks of which nobody can see, because they are past, whether a restart found them.
    pub unseen: Vec<i64>,
    /// Operations that ran; the last one that somebody was told of; the last one of those before a sync that worked; and
    /// the one up to which the last restart came.
    ran: u64,
    told: u64,
    synced: u64,
    kept: u64,
    syncs: u64,
    /// The disk is full, or was and nobody has looked since.
    pub trouble: bool,
    /// Numbers for entries and tokens.
    pub next: u64,
    places: u64,
    pub hand: (u32, u32),
    /// What happened, where it is wanted.
    pub trace: Option<Vec<String>>,
}

/// The options of a life.
fn options(seed: u64, always: bool) -> Config {
    let mut config = Config::default();
    let entries = (2 + seed % 5).to_string();
    let fsync = if always { "always" } else { "everysec" };
    for (name, value) in [("appendfsync", fsync), ("databases", "1"), ("stream-node-max-entries", &entries)] {
        config.prepare(name, value).expect("an option");
    }
    config
}

impl World {
    pub fn new(seed: u64, traced: bool) -> World {
        let (faults, disk) = (Arc::new(Faults::default()), Disk::of(seed));
        let backend = Arc::new(FaultyBackend { inner: Memory::crashing(), faults: Arc::clone(&faults) });
        // Else the first start would choose the key of the hash of names by itself.
        let first = Store::new(1, seed);
        let mut settler = Settler::open(backend.clone(), 0).expect("an empty backend");
        settler.complete(Gathered::default(), &first.meta(Mark::default(), 1)).expect("a first checkpoint");
        let always = seed.is_multiple_of(2);
        let (config, clock) = (options(seed, always), ManualClock::at(START_MS));
        let (shared, settler) = start(&config, &clock, &backend, &disk, &faults);
        World {
            config,
            always,
            clock,
            backend,
            disk,
            faults,
            settler,
            checkpoint: None,
            clients: (0..CLIENTS).map(|_| Client::new(&shared)).collect(),
            observer: Client::new(&shared),
            reset: Vec::new(),
            changed: Vec::new(),
            shared,
            state: State::default(),
            history: VecDeque::from([(0, State::default())]),
            unseen: Vec::new(),
            ran: 0,
            told: 0,
            synced: 0,
            kept: 0,
            syncs: 0,
            trouble: false,
            next: 0,
            places: 0,
            hand: (0, 0),
            trace: traced.then(Vec::new),
        }
    }

    pub fn note(&mut self, line: impl FnOnce(&World) -> String) {
        if self.trace.is_some() {
            let line = format!("{} {}", self.now() - START_MS, line(self));
            self.trace.get_or_insert_default().push(line);
        }
    }

    pub fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    pub fn is_held(&self) -> bool {
        self.shared.engine().is_held()
    }

    /// When what holds the engine began: all that it does, and all that this wakes, happens at that time.
    pub fn held_since(&self) -> Option<i64> {
        let holder = self.clients.iter().find(|client| client.is_parked() && client.place == 0);
        holder.filter(|_| self.is_held()).map(|client| client.began_ms)
    }

    pub fn has_failed(&self) -> bool {
        self.shared.committer().check().is_err()
    }

    /// One step of a client that has something to do.
    pub fn step_client(&mut self, i: usize) {
        let now = self.now();
        match self.clients[i].step() {
            Event::Nothing => {
                // One that waits has loaded what it missed, and looked.
                if let (true, Some(Op::Read { at, .. })) = (self.clients[i].is_parked(), &self.clients[i].op) {
                    self.changed.push(at.key);
                }
            }
            Event::Parked if self.is_held() => {
                // Before all others: they only wait for what it does.
                (self.clients[i].place, self.clients[i].began_ms) = (0, now);
                self.note(|_| format!("client {i} holds the engine"));
            }
            Event::Parked => {
                self.places += 1;
                (self.clients[i].place, self.clients[i].began_ms) = (self.places, now);
                let op = self.op_of(i);
                let answer = self.apply(&op, now, &Value::Nil);
                assert_eq!(answer, Value::Nil, "client {i} waits, but there is an answer to {op:?}");
                self.note(|_| format!("client {i} waits"));
            }
            Event::Ran(value) => self.has_run(i, &value, now),
            Event::Watches => self.watches(i, now),
            Event::Answered => self.is_told(i),
            Event::Ended => {
                self.note(|_| format!("client {i} gets no answer"));
                assert!(self.has_failed(), "client {i} gets no answer to {:?}, and nothing failed", self.clients[i].op);
            }
        }
        self.look_at_waits(now);
    }

    fn op_of(&self, i: usize) -> Op {
        self.clients[i].op.clone().expect("a client with an operation")
    }

    /// The engine has run a client's operation.
    fn has_run(&mut self, i: usize, seen: &Value, now: i64) {
        let op = self.op_of(i);
        let number = self.ran + 1;
        self.note(|_| format!("client {i} ran {number}: {op:?} -> {seen:?}"));
        let held = self.is_held();
        let refused = seen.is_error(&["EXECABORT"]) && (self.trouble || held)
            || seen.is_error(&["MISCONF"]) && self.trouble
            || seen.is_error(&["BUSY"]) && held;
        let watch = self.clients[i].watch.take();
        if !refused {
            let nothing = watch.is_some_and(|watch| watch.is_over(now));
            let expected = if nothing { self.pass() } else { self.apply(&op, now, seen) };
            assert_eq!(*seen, expected, "the answer to {op:?} (left: the broker, right: the model)");
        }
        self.clients[i].ran = Some(self.ran);
    }

    fn watches(&mut self, i: usize, now: i64) {
        let Op::Watched { keys, .. } = self.op_of(i) else { unreachable!("only those watch") };
        self.note(|_| format!("client {i} watches {keys:?}"));
        let until_ms = self.state.first_end(&keys, now);
        self.clients[i].watch = Some(Watch { keys, is_broken: false, until_ms });
    }

    /// A transaction does nothing, because of a watch.
    fn pass(&mut self) -> Value {
        self.ran += 1;
        self.history.push_back((self.ran, self.state.clone()));
        Value::Nil
    }

    /// Applies an operation that ran to the model.
    fn apply(&mut self, op: &Op, now: i64, seen: &Value) -> Value {
        self.ran += 1;
        for part in op.parts() {
            if let Op::SetId { at, .. } = part {
                self.reset.push(*at);
            }
        }
        let answer = self.state.apply(op, now, seen);
        self.changed.append(&mut self.state.changed);
        let touched = std::mem::take(&mut self.state.touched);
        for watch in self.clients.iter_mut().filter_map(|client| client.watch.as_mut()) {
            watch.is_broken |= watch.keys.iter().any(|key| touched.contains(key));
        }
        self.history.push_back((self.ran, self.state.clone()));
        answer
    }

    fn is_told(&mut self, i: usize) {
        let number = self.clients[i].ran.expect("an operation that ran");
        self.told = self.told.max(number);
        self.note(|_| format!("client {i} is told of {number}"));
        self.forget_history();
    }

    /// Lets go of what no restart may find any more.
    fn forget_history(&mut self) {
        let least = if self.always { self.told } else { self.synced };
        while self.history.get(1).is_some_and(|(number, _)| *number <= least) {
            self.history.pop_front();
        }
    }

    /// Sees whose wait has ended, in the order in which they came; then nobody may wait who could have an answer.
    pub fn look_at_waits(&mut self, now: i64) {
        let mut waiting: Vec<usize> = (0..CLIENTS).filter(|i| self.clients[*i].is_queued()).collect();
        waiting.sort_by_key(|i| self.clients[*i].place);
        for i in waiting {
            match self.clients[i].look_aside() {
                Event::Ran(Value::Nil) if matches!(self.clients[i].op, Some(Op::Read { .. })) => {
                    self.ran += 1;
                    self.clients[i].ran = Some(self.ran);
                    let due = deadline(&self.clients[i]).is_some_and(|deadline| deadline <= now);
                    assert!(due, "the wait of client {i} ended before its time: {:?}", self.clients[i].op);
                    self.note(|_| format!("client {i} waited in vain"));
                }
                Event::Ran(value) => self.has_run(i, &value, now),
                Event::Nothing => {}
                Event::Ended => assert!(self.has_failed(), "the wait of client {i} ended without an answer"),
                Event::Watches | Event::Parked | Event::Answered => unreachable!("who waits runs nothing"),
            }
        }
        if !self.is_held() {
            let changed = std::mem::take(&mut self.changed);
            (0..CLIENTS).for_each(|i| self.has_looked(i, &changed));
            self.nobody_waits_in_vain();
        }
    }

    /// Whoever waits for one of these keys looked again and found nothing; each look makes its consumer, if it is gone.
    fn has_looked(&mut self, i: usize, keys: &[Name]) {
        let client = &self.clients[i];
        if let (true, Some(Op::Read { at, who, .. })) = (client.is_parked(), &client.op)
            && keys.contains(&at.key)
            && self.state.join(*at, who)
        {
            self.ran += 1;
            self.history.push_back((self.ran, self.state.clone()));
        }
    }

    fn nobody_waits_in_vain(&mut self) {
        for (i, client) in self.clients.iter().enumerate().filter(|(_, client)| client.is_parked()) {
            let Some(Op::Read { at, .. }) = &client.op else { continue };
            if self.state.is_drained(*at) {
                self.reset.retain(|reset| reset != at);
            }
            let may_wait = self.reset.contains(at) || self.state.is_drained(*at);
            assert!(may_wait, "client {i} still waits, although {at:?} has something for it");
        }
    }

    /// Takes note of syncs that `before` is the last operation told of before.
    pub fn look_at_syncs(&mut self, before: u64) {
        let syncs = self.faults.synced.load(Ordering::Relaxed);
        if std::mem::replace(&mut self.syncs, syncs) < syncs {
            self.synced = self.synced.max(before);
            self.forget_history();
        }
    }

    pub fn told(&self) -> u64 {
        self.told
    }

    /// Everything that clients can see; nothing while somebody holds the engine.
    fn view(&mut self) -> Option<Vec<(Op, Value)>> {
        if self.is_held() {
            return None;
        }
        let streams = STREAMS.iter().map(|key| Op::Info { key });
        let locks = LOCKS.iter().map(|lock| Op::Holder { lock });
        streams.chain(locks).map(|op| self.observer.peek(op.clone()).map(|value| (op, value))).collect()
    }

    /// Compares all that clients can see with the model.
    pub fn verify(&mut self) {
        let now = self.now();
        let Some(view) = self.view() else { return };
        for (op, seen) in view {
            let expected = self.state.apply(&op, now, &seen);
            assert_eq!(seen, expected, "{op:?} (left: the broker, right: the model)");
        }
    }
}

/// When a parked reader's time is up.
fn deadline(client: &Client) -> Option<i64> {
    match &client.op {
        Some(Op::Read { block: Some(ms @ 1..), .. }) => Some(client.began_ms + *ms as i64),
        _ => None,
    }
}

fn start(
    config: &Config,
    clock: &ManualClock,
    backend: &Arc<FaultyBackend>,
    disk: &Disk,
    faults: &Arc<Faults>,
) -> (Arc<Shared>, Settler) {
    let journal = Box::new(disk.open(faults));
    let clock = Clock::Manual(clock.clone());
    Shared::by_hand(config.clone(), clock, backend.clone(), journal).expect("what a crash left can be opened")
}
