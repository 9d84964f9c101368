//! The engine: the whole state of one keyspace and its clients, driven through `&mut self`.
//!
//! No locks, no sockets, no clock of its own, no async: the same calls give the same answers. Whoever holds the engine
//! lock is the single writer. Must never know: any verb's file (it gets functions from a [`Spec`]), RESP, threads.

use super::access::Access;
use super::budget::{self, MemoryState};
use super::client::{ClientId, Clients, Endpoint, Traffic};
use super::clock::Clock;
use super::cluster::{self, Cluster};
use super::commit::Ticket;
use super::context::Progress;
use super::errand::Errand;
#[cfg(feature = "scripting")]
use super::functions::Functions;
use super::leases::Bindings;
use super::mailbox::Slow;
use super::monitor::Monitors;
use super::notify::Notify;
use super::pubsub::PubSub;
#[cfg(feature = "scripting")]
use super::scripts::Scripts;
use super::stats::Stats;
use super::tracking::Tracking;
use super::wait::{Answer, Waits};
use super::watch::Watches;
use super::work::Held;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::Spec;
use crate::config::{Config, Fsync};
use crate::policy::Policies;
use crate::reply::Reply;
use crate::telemetry::Sample;
use brooklet_storage::load::{Loaded, Missing};
use brooklet_storage::names::Names;
use brooklet_storage::store::Store;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The state behind the engine lock.
#[derive(Debug)]
pub struct Engine {
    /// Keys and values.
    pub store: Store,
    /// Open sessions.
    pub clients: Clients,
    /// Users, and what was denied to them.
    pub access: Access,
    /// Parked calls.
    pub waits: Waits,
    /// Which leases belong to which clients.
    pub(super) bindings: Bindings,
    /// Watched keys.
    pub watches: Watches,
    /// Channels and patterns that somebody listens to.
    pub pubsub: PubSub,
    /// Keys that clients hold copies of.
    pub tracking: Tracking,
    /// Clients that see all calls.
    pub(super) monitors: Monitors,
    /// Which changes of keys are published.
    pub(super) notify: Notify,
    /// The cluster that this broker is, if it is one.
    pub cluster: Option<Cluster>,
    /// Standing rules for streams.
    pub policies: Policies,
    /// Options as they are now.
    pub config: Config,
    /// What is known of scripts.
    #[cfg(feature = "scripting")]
    pub scripts: Scripts,
    /// Libraries of functions.
    #[cfg(feature = "scripting")]
    pub functions: Functions,
    /// When the script whose calls run now began, Unix microseconds.
    pub script_us: Option<i64>,
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
    pub listening: Vec<Endpoint>,
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
    /// The call that runs was queued: its answer is an element of another.
    pub(crate) in_queue: bool,
    /// Whose calls run now: it looks into its mailbox by itself.
    pub(super) running: Option<ClientId>,
    /// Whose call is the cause of what changes now.
    pub(super) actor: Option<ClientId>,
    /// There are messages for the client whose calls run.
    pub(crate) own_mail: bool,
    /// Clients whose messages wait for unfinished work.
    pub(super) late: BTreeSet<ClientId>,
    /// Clients that have too much to read.
    pub(super) slow: Slow,
    /// Work that is not finished and holds the engine meanwhile.
    pub(super) held: Option<Box<Held>>,
    /// Rises with every change of the options, so that others know when to look again.
    config_version: u64,
    /// When the timer looks again unless it is rearmed, Unix milliseconds.
    pub(super) next_tick_ms: i64,
    /// The last sweep left something that is due.
    pub(super) sweep_goes_on: bool,
}

/// The terms on which a client is served. Whoever drives a session keeps what it derived from them until they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The state of the options.
    config_version: u64,
    /// Whether the client may run more than AUTH and HELLO.
    pub authenticated: bool,
    /// Whether it listens to channels or patterns.
    pub subscriber: bool,
    /// Whether it waits for what others do, and may be idle as long as it likes.
    pub listens: bool,
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
    Parked(Answer),
    /// It is not finished and holds the engine: a worker takes it to its end (`work.rs`); the answer comes through the channel.
    Held(Answer),
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
        let policies = Policies::read(store.rules());
        let mut engine = Engine {
            store,
            policies,
            clients: Clients::default(),
            access: Access::default(),
            waits: Waits::default(),
            bindings: Bindings::default(),
            watches: Watches::default(),
            pubsub: PubSub::default(),
            tracking: Tracking::default(),
            monitors: Monitors::default(),
            notify: Notify::default(),
            #[cfg(feature = "scripting")]
            scripts: Scripts::new(config.script_memory_limit as usize),
            #[cfg(feature = "scripting")]
            functions: Functions::new(config.script_memory_limit as usize),
            cluster: config.cluster_enabled.then(|| Cluster::new(cluster::fresh_name())),
            config,
            script_us: None,
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
            in_queue: false,
            running: None,
            actor: None,
            own_mail: false,
            late: BTreeSet::new(),
            slow: Slow::default(),
            held: None,
            config_version: 0,
            next_tick_ms: i64::MAX,
            sweep_goes_on: false,
        };
        engine.set_default_password();
        engine
    }

    /// Brings the parts that follow options up to date; called at start and after CONFIG SET.
    pub fn apply_config(&mut self) {
        self.store.node_limits = budget::node_limits(&self.config);
        self.stats.slow.truncate(self.config.slowlog_max_len as usize);
        self.apply_notify();
        #[cfg(feature = "scripting")]
        {
            self.scripts.set_limit(self.config.script_memory_limit as usize);
            self.functions.set_limit(self.config.script_memory_limit as usize);
        }
        self.change_terms();
        let sync = self.tasks.sync();
        sync.always.store(self.config.appendfsync == Fsync::Always, Ordering::Release);
        sync.pressure.set_limits(budget::backlog_bytes(&self.config), budget::unsynced_bytes(&self.config));
    }

    /// Has everybody look at the terms again.
    pub(super) fn change_terms(&mut self) {
        self.config_version += 1;
        self.clients.iter_mut().for_each(|client| client.outside.notify_one());
    }

    /// Changes whenever what a client may do, or what its driver should know of the options, has changed.
    pub(crate) fn terms(&self, client: ClientId) -> Terms {
        let open = self.access.users.is_open();
        let client = self.clients.get(client);
        Terms {
            config_version: self.config_version,
            authenticated: open || client.is_none_or(|c| c.authenticated),
            subscriber: client.is_some_and(|c| c.subscriber),
            listens: client.is_some_and(|c| c.subscriber || c.monitor),
        }
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
        self.actor = Some(client);
        let executed = self.execute_as_actor(client, spec, args);
        self.actor = None;
        executed
    }

    fn execute_as_actor(&mut self, client: ClientId, spec: &'static Spec, args: Args<'_>) -> Executed {
        let now_ms = self.store.now_ms;
        let db = self.clients.get(client).map_or(0, |c| c.db);
        let outcome = self.run(client, db, spec, args, now_ms);
        if !self.is_held() && !matches!(outcome, Err(Refusal::Unfinished(_))) {
            self.store.end_unit();
        }
        let executed = match outcome {
            Ok(reply) => Executed::Reply(reply),
            Err(Refusal::Wire(line)) => Executed::Reply(Reply::Error(line)),
            Err(Refusal::Missing(missing)) => return Executed::Missing(missing),
            Err(Refusal::Unfinished(work)) => return self.hold(client, spec, args, work),
            Err(Refusal::Errand(errand)) => Executed::Errand(errand),
            Err(Refusal::Park(park)) => self.park(client, db, spec, args, *park, now_ms),
        };
        self.serve_signals(now_ms);
        executed
    }

    pub(crate) fn run(
        &mut self,
        client: ClientId,
        db: u32,
        spec: &'static Spec,
        args: Args<'_>,
        now_ms: i64,
    ) -> Result<Reply, Refusal> {
        let Some(run) = spec.kind.run() else { return Err(error::unknown_subcommand(spec.name, args.at(1))) };
        self.store.now_ms = now_ms;
        self.store.leaves_use = self.clients.get(client).is_some_and(|c| c.no_touch);
        run(&mut Ctx { engine: self, client, db, now_ms, spec }, args)
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
        self.forget_progress(client);
    }

    /// Lets go of what was noted for a call that is answered now; names that were read serve the next call of a
    /// transaction, too.
    pub(crate) fn forget_progress(&mut self, client: ClientId) {
        if !self.progress.is_empty() {
            self.progress.remove(&client);
        }
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
            self.memory.measured_volatile(used);
        }
    }

    /// Tells a session to end: it runs nothing more, and what it waits for goes to others.
    pub fn kill(&mut self, client: ClientId) {
        self.cancel_wait(client);
        // It hears nothing more: nobody should count it as a listener.
        self.unsubscribe_all(client);
        self.unmonitor(client);
        self.clients.kill(client);
        self.let_go(client);
    }

    /// Ends a session.
    pub fn close(&mut self, client: ClientId) {
        if self.orphan_held(client) {
            // Its calls run to their end; then it is closed.
            return;
        }
        self.cancel_wait(client);
        self.forget_names(client);
        self.unwatch(client);
        self.unsubscribe_all(client);
        self.unmonitor(client);
        self.untrack(client);
        self.access.strangers.note(client, false);
        self.clients.close(client);
        self.leave_leases(client);
    }
}
