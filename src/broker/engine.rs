//! The engine: the whole state of one keyspace and its clients, driven through `&mut self`.
//!
//! No locks, no sockets, no clock of its own, no async: the same calls give the same answers. Whoever holds the engine
//! lock is the single writer. Must never know: any verb's file (it gets functions from a [`Spec`]), RESP, threads.

use super::budget::{self, MemoryState};
use super::client::{ClientId, Clients, Traffic};
use super::clock::Clock;
use super::commit::Ticket;
use super::context::Progress;
use super::errand::Errand;
use super::stats::Stats;
use super::wait::{Park, Place, Wait, Waits, Wake};
use crate::command::args::{Args, OwnedArgs};
use crate::command::error::{self, Refusal};
use crate::command::spec::Spec;
use crate::config::{Config, Fsync};
use crate::reply::Reply;
use crate::telemetry::Sample;
use brooklet_storage::load::{Loaded, Missing};
use brooklet_storage::names::Names;
use brooklet_storage::store::Store;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

/// The state behind the engine lock.
#[derive(Debug)]
pub struct Engine {
    /// Keys and values.
    pub store: Store,
    /// Open sessions.
    pub clients: Clients,
    /// Parked calls.
    pub waits: Waits,
    /// Options as they are now.
    pub config: Config,
    /// Counters, slow log, latency.
    pub stats: Stats,
    /// The injected clock.
    pub clock: Clock,
    /// Requests to the background: checkpoints, shutdown.
    pub tasks: super::tasks::Tasks,
    /// Writes wait until this time (CLIENT PAUSE), Unix milliseconds.
    pub pause: Option<Pause>,
    /// Whether commits reach a disk.
    pub is_durable: bool,
    /// The file that CONFIG REWRITE writes.
    pub config_file: Option<PathBuf>,
    /// Where clients can connect.
    pub listening: Vec<SocketAddr>,
    /// What the last look at memory found.
    pub memory: MemoryState,
    /// The process and its disk, as they were a moment ago.
    pub sample: Sample,
    /// Why nothing can be written now (the disk is full); writes are refused with it.
    pub write_trouble: Option<Arc<str>>,
    /// A buffer for the command that runs; empty between commands, but not freed.
    pub scratch: Vec<u8>,
    /// Names that were read from disk for calls that are not answered yet, by client.
    pub(crate) names: HashMap<ClientId, Vec<Names>>,
    /// What calls that are not answered yet have done in rounds, by client.
    pub(crate) progress: HashMap<ClientId, Progress>,
    /// The batch that is filling now; commits number theirs after it.
    generation: Ticket,
    /// Rises with every change of the options, so that others know when to look again.
    config_version: u64,
    /// When the timer looks again unless it is rearmed, Unix milliseconds.
    next_tick_ms: i64,
}

/// The terms on which a client is served. Whoever drives a session keeps what it derived from them until they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The state of the options.
    config_version: u64,
    /// Whether the client may run more than AUTH and HELLO.
    pub authenticated: bool,
}

/// CLIENT PAUSE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When it ends, Unix milliseconds.
    pub until_ms: i64,
    /// Whether reads wait, too.
    pub all: bool,
}

/// What became of a call.
#[derive(Debug)]
pub enum Executed {
    /// It is answered.
    Reply(Reply),
    /// It waits; the answer comes through the channel.
    Parked(oneshot::Receiver<Wake>),
    /// It needs something that is only on disk: load it and call again.
    Missing(Missing),
    /// Its answer is what this errand brings.
    Errand(Errand),
    /// It must not run before this time (Unix milliseconds): call again then.
    Paused(i64),
}

/// What a command works with.
pub struct Ctx<'a> {
    /// The engine.
    pub engine: &'a mut Engine,
    /// Who calls.
    pub client: ClientId,
    /// Its database.
    pub db: u32,
    /// The time of the call, Unix milliseconds. All of a call happens at one time.
    pub now_ms: i64,
    /// The command that runs.
    pub spec: &'static Spec,
}

impl Engine {
    /// An engine over a store.
    pub fn new(store: Store, config: Config, clock: Clock, tasks: super::tasks::Tasks) -> Engine {
        let stats = Stats::new(&clock);
        Engine {
            store,
            clients: Clients::default(),
            waits: Waits::default(),
            config,
            stats,
            clock,
            tasks,
            pause: None,
            is_durable: false,
            config_file: None,
            listening: Vec::new(),
            memory: MemoryState::default(),
            sample: Sample::default(),
            write_trouble: None,
            scratch: Vec::new(),
            names: HashMap::new(),
            progress: HashMap::new(),
            generation: 1,
            config_version: 0,
            next_tick_ms: i64::MAX,
        }
    }

    /// Brings the parts that follow options up to date; called at start and after CONFIG SET.
    pub fn apply_config(&mut self) {
        self.store.node_limits = budget::node_limits(&self.config);
        self.stats.slow.truncate(self.config.slowlog_max_len as usize);
        self.config_version += 1;
        self.clients.iter_mut().for_each(|client| client.outside.notify_one());
        self.tasks.sync().always.store(self.config.appendfsync == Fsync::Always, Ordering::Release);
    }

    /// Changes whenever what a client may do, or what its driver should know of the options, has changed.
    pub(crate) fn terms(&self, client: ClientId) -> Terms {
        let open = self.config.requirepass.is_empty();
        let authenticated = open || self.clients.get(client).is_none_or(|c| c.authenticated);
        Terms { config_version: self.config_version, authenticated }
    }

    /// Takes note of what went over a client's socket.
    pub(crate) fn note_traffic(&mut self, client: ClientId, traffic: Traffic) {
        self.stats.net_in += traffic.received;
        self.stats.net_out += traffic.sent;
        self.stats.reads += traffic.reads;
        self.stats.writes += traffic.writes;
        if let Some(c) = self.clients.get_mut(client) {
            c.total_in += traffic.received;
            c.total_out += traffic.sent;
            (c.query_bytes, c.output_bytes) = (traffic.query_bytes, traffic.output_bytes);
        }
    }

    /// The ticket that covers everything executed so far: a reply may leave when it is committed.
    pub fn ticket(&self) -> Ticket {
        if self.store.has_uncommitted() { self.generation } else { self.generation - 1 }
    }

    /// Takes the batch to commit and the ticket it stands for.
    pub(crate) fn take_batch(&mut self, spare: Vec<u8>) -> (Ticket, Vec<u8>) {
        let ticket = self.ticket();
        self.generation = ticket + 1;
        (ticket, self.store.take_batch(spare))
    }

    /// Runs a call that passed every gate, and whatever it woke.
    pub(crate) fn execute(&mut self, client: ClientId, spec: &'static Spec, args: Args<'_>) -> Executed {
        let now_ms = self.clock.now_ms();
        let db = self.clients.get(client).map_or(0, |c| c.db);
        let executed = match self.run(client, db, spec, args, now_ms) {
            Ok(reply) => Executed::Reply(reply),
            Err(Refusal::Wire(line)) => Executed::Reply(Reply::Error(line)),
            Err(Refusal::Missing(missing)) => return Executed::Missing(missing),
            Err(Refusal::Errand(errand)) => Executed::Errand(errand),
            Err(Refusal::Park(park)) => self.park(client, db, spec, args, *park, now_ms),
        };
        self.serve_signals(now_ms);
        executed
    }

    fn run(
        &mut self,
        client: ClientId,
        db: u32,
        spec: &'static Spec,
        args: Args<'_>,
        now_ms: i64,
    ) -> Result<Reply, Refusal> {
        let Some(run) = spec.kind.run() else { return Err(error::unknown_subcommand(spec.name, args.at(1))) };
        self.store.now_ms = now_ms;
        run(&mut Ctx { engine: self, client, db, now_ms, spec }, args)
    }

    fn park(
        &mut self,
        client: ClientId,
        db: u32,
        spec: &'static Spec,
        args: Args<'_>,
        park: Park,
        now_ms: i64,
    ) -> Executed {
        let (tx, rx) = oneshot::channel();
        let call = park.rewritten.unwrap_or_else(|| OwnedArgs::copy_of(args));
        let deadline_ms =
            (park.timeout_ms > 0).then(|| now_ms.saturating_add(i64::try_from(park.timeout_ms).unwrap_or(i64::MAX)));
        let wait = Wait {
            client,
            db,
            spec,
            call,
            keys: park.keys,
            deadline_ms,
            look_again_ms: park.look_again_ms,
            empty: park.empty,
            wake: tx,
        };
        self.park_wait(wait, None);
        Executed::Parked(rx)
    }

    fn park_wait(&mut self, wait: Wait, place: Option<Place>) {
        let due_ms = wait.deadline_ms.into_iter().chain(wait.look_again_ms).min();
        self.waits.park(wait, place);
        self.store.signals.get_or_insert_default();
        if let Some(due_ms) = due_ms.filter(|due| *due < self.next_tick_ms) {
            self.next_tick_ms = due_ms;
            self.tasks.rearm_timer();
        }
    }

    /// Runs the calls that wait for keys which changed, in order of arrival for each key, until nothing changes.
    pub(crate) fn serve_signals(&mut self, now_ms: i64) {
        while let Some(signals) = self.store.signals.as_mut().filter(|s| !s.is_empty()).map(std::mem::take) {
            let mut seen = std::collections::HashSet::new();
            for signal in signals {
                if !seen.insert(signal.clone()) {
                    continue;
                }
                for place in self.waits.waiting_for(signal.db, &signal.name) {
                    self.run_again(place, now_ms);
                }
            }
        }
        if self.waits.is_empty() {
            self.store.signals = None;
        }
    }

    /// Runs a parked call again: it is answered, or parks again in its old place.
    fn run_again(&mut self, place: Place, now_ms: i64) {
        let Some(mut wait) = self.waits.take(place) else { return };
        self.waits.woken = true;
        let outcome = self.run(wait.client, wait.db, wait.spec, wait.call.as_args(), now_ms);
        self.waits.woken = false;
        match outcome {
            Ok(reply) => self.answer(wait, reply),
            Err(Refusal::Wire(line)) => self.answer(wait, Reply::Error(line)),
            Err(Refusal::Park(park)) => {
                wait.look_again_ms = park.look_again_ms;
                wait.empty = park.empty;
                self.park_wait(wait, Some(place));
            }
            // No verb that waits has errands.
            Err(Refusal::Errand(_)) => {}
            Err(Refusal::Missing(missing)) => {
                // The session loads it and then comes back with `resume`; until then it keeps its place.
                let (tx, rx) = oneshot::channel();
                let load = std::mem::replace(&mut wait.wake, tx);
                self.park_wait(wait, Some(place));
                let _ = load.send(Wake::Load(missing, rx));
            }
        }
    }

    fn answer(&mut self, wait: Wait, reply: Reply) {
        if let Reply::Error(line) = &reply {
            self.stats.count_error(line);
        }
        let ticket = self.ticket();
        let _ = wait.wake.send(Wake::Answer(reply, ticket));
    }

    /// Puts what was loaded for a client's call in its place.
    pub(crate) fn install(&mut self, client: ClientId, loaded: Loaded) {
        self.store.now_ms = self.clock.now_ms();
        if let Some(names) = self.store.install(loaded) {
            self.names.entry(client).or_default().push(names);
        }
    }

    /// Lets go of what was read and noted for a call that is answered now.
    pub(crate) fn forget_names(&mut self, client: ClientId) {
        if !self.names.is_empty() {
            self.names.remove(&client);
        }
        if !self.progress.is_empty() {
            self.progress.remove(&client);
        }
    }

    /// Continues a parked call whose load is done.
    pub(crate) fn resume(&mut self, client: ClientId, loaded: Loaded) {
        self.install(client, loaded);
        if let Some(place) = self.waits.place_of(client) {
            self.run_again(place, self.store.now_ms);
            self.serve_signals(self.store.now_ms);
        }
    }

    /// Ends a wait as its timeout would, or with an error; whether the client waited.
    pub fn unblock(&mut self, client: ClientId, with_error: bool) -> bool {
        let wait = self.waits.place_of(client).and_then(|place| self.waits.take(place));
        let Some(wait) = wait else { return false };
        let reply = match error::connection::UNBLOCKED {
            Refusal::Wire(line) if with_error => Reply::Error(line),
            _ => wait.empty.clone(),
        };
        self.answer(wait, reply);
        true
    }

    /// Takes note of a look at the process.
    pub(crate) fn note_sample(&mut self, sample: Sample) {
        self.sample = sample;
        let used = sample.allocator.allocated;
        self.stats.peak_memory = self.stats.peak_memory.max(used);
        self.stats.sample_rates(sample.at_us);
        if self.is_durable {
            self.memory.measured(used, self.config.memory_budget());
        } else {
            // There is no settler, and nothing that it could give back.
            self.memory = MemoryState { used, stuck: true, ..MemoryState::default() };
        }
    }

    /// How long the timer may sleep before the next tick, at most `longest`. A nearer deadline rearms it.
    pub(crate) fn plan_tick(&mut self, longest: Duration) -> Duration {
        let now_ms = self.clock.now_ms();
        let latest_ms = now_ms + longest.as_millis() as i64;
        self.next_tick_ms = self.waits.next_timer().map_or(latest_ms, |at| at.min(latest_ms));
        Duration::from_millis(self.next_tick_ms.saturating_sub(now_ms).max(1) as u64)
    }

    /// Does what is due: waits that are over, calls that must look again, keys past their deadline.
    pub fn tick(&mut self) {
        let now_ms = self.clock.now_ms();
        self.store.now_ms = now_ms;
        for place in self.waits.due(now_ms) {
            let over = |w: &Wait| w.deadline_ms.is_some_and(|d| d <= now_ms);
            if !self.waits.get(place).is_some_and(over) {
                self.run_again(place, now_ms);
            } else if let Some(wait) = self.waits.take(place) {
                let empty = wait.empty.clone();
                self.answer(wait, empty);
            }
        }
        if self.stats.active_expire {
            self.store.sweep_expired(now_ms, SWEEP_LIMIT);
        }
        self.serve_signals(now_ms);
    }

    /// Ends all waits without an answer: the broker ends.
    pub(crate) fn end_waits(&mut self) {
        self.waits = Waits::default();
    }

    /// Tells a session to end: it runs nothing more, and what it waits for goes to others.
    pub fn kill(&mut self, client: ClientId) {
        self.cancel_wait(client);
        self.clients.kill(client);
    }

    /// Takes a client's parked call out, unanswered.
    pub(crate) fn cancel_wait(&mut self, client: ClientId) {
        if let Some(place) = self.waits.place_of(client) {
            self.waits.take(place);
        }
    }

    /// Ends a session.
    pub fn close(&mut self, client: ClientId) {
        self.cancel_wait(client);
        self.forget_names(client);
        self.clients.close(client);
    }
}

/// Keys that one tick deletes at most: 1000 of them take well under a millisecond.
const SWEEP_LIMIT: usize = 1000;
