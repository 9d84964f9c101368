//! What every session and thread of one broker shares: the engine behind its lock, the committer, the backend.

use super::clock::Clock;
use super::commit::{CommitFailed, Committer};
use super::engine::Engine;
use super::tasks::{Ending, Tasks};
use super::{budget, threads, timer, work};
use crate::config::Config;
use brooklet_storage::StorageError;
use brooklet_storage::backend::Backend;
use brooklet_storage::checkpoint::Settler;
use brooklet_storage::journal::{Journal, Mark, NoJournal};
use brooklet_storage::load::{Loaded, Missing};
#[cfg(feature = "rocksdb")]
use brooklet_storage::progress::Progress;
use parking_lot::{Mutex, MutexGuard};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::thread::JoinHandle;

/// One running broker.
pub struct Shared {
    engine: Mutex<Engine>,
    committer: Committer,
    backend: Option<Arc<dyn Backend>>,
    tasks: Tasks,
    clock: Clock,
    /// The thread that takes what holds the engine to its end, or the last one that did.
    worker: Mutex<Option<JoinHandle<()>>>,
    /// Nothing runs by itself: whoever made this does by hand what threads would do.
    by_hand: bool,
}

/// The engine under its lock. A panic under it leaves a state that nobody can vouch for, so it ends all commits.
pub struct Locked<'a> {
    engine: MutexGuard<'a, Engine>,
    committer: &'a Committer,
}

impl Deref for Locked<'_> {
    type Target = Engine;

    #[inline]
    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl DerefMut for Locked<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Engine {
        &mut self.engine
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.committer.fail(&StorageError::Poisoned("a command panicked".into()));
        }
    }
}

/// The threads of a broker; joined when it ends.
pub type Threads = Vec<JoinHandle<()>>;

impl Shared {
    /// A broker that keeps nothing on disk, with its timer running.
    pub fn volatile(config: Config, clock: Clock) -> (Arc<Shared>, Threads) {
        let config = config.settled();
        let tasks = Tasks::default();
        let store = brooklet_storage::open::volatile(config.databases as usize);
        let mut engine = Engine::new(store, config, clock.clone(), tasks.clone());
        engine.apply_config();
        tasks.set_started((clock.now_ms() / 1000) as u64);
        // Its own state, where `always` stays off: nothing is ever synced, so nobody may wait for it.
        let committer = Committer::new(Box::new(NoJournal::new()), Mark::default(), Arc::default());
        let worker = Mutex::default();
        let engine = Mutex::new(engine);
        let shared = Arc::new(Shared { engine, committer, backend: None, tasks, clock, worker, by_hand: false });
        let threads = timer::start(&shared).into_iter().collect();
        (shared, threads)
    }

    /// A broker over the folder `config.dir`, with its background threads running. `progress` shows how far opening it is.
    #[cfg(feature = "rocksdb")]
    pub fn open(
        config: Config,
        clock: Clock,
        progress: &Arc<Progress>,
    ) -> Result<(Arc<Shared>, Threads), StorageError> {
        use super::{cluster, settle};
        use brooklet_storage::open::open_folder;
        let config = config.settled();
        let found = open_folder(&config.dir, budget::folder_options(&config, Arc::clone(progress)))?;
        for warning in &found.warnings {
            tracing::warn!("{warning}");
        }
        tracing::info!(
            "data in {}: commit {}, {} replayed from the journal",
            config.dir.display(),
            found.opened.mark.commit,
            found.opened.replayed
        );
        let mut engine = Engine::new(found.opened.store, config, clock, Tasks::default());
        if let Some(own) = &mut engine.cluster {
            own.node = found.folder.node(cluster::fresh_name)?;
            cluster::check_databases(&engine.store)?;
        }
        let backend = Arc::clone(found.opened.settler.backend());
        let shared = Shared::durable(engine, found.journal, found.opened.mark, backend, false)?;
        let mut threads = settle::start(&shared, found.opened.settler, found.watermark, found.folder);
        threads.extend(timer::start(&shared));
        Ok((shared, threads))
    }

    /// A broker over any backend and journal that does nothing by itself: no thread is started, whoever calls this does
    /// by hand what they would do. For simulations, which need every step to be theirs.
    #[doc(hidden)]
    pub fn by_hand(
        config: Config,
        clock: Clock,
        backend: Arc<dyn Backend>,
        mut journal: Box<dyn Journal>,
    ) -> Result<(Arc<Shared>, Settler), StorageError> {
        let config = config.settled();
        let (databases, limits) = (config.databases as usize, budget::node_limits(&config));
        let opened = brooklet_storage::open::open(Arc::clone(&backend), &mut *journal, databases, limits)?;
        let engine = Engine::new(opened.store, config, clock, Tasks::by_hand());
        Ok((Shared::durable(engine, journal, opened.mark, backend, true)?, opened.settler))
    }

    /// What every durable broker is made of. What was replayed may be in the system's cache only, if the last process was
    /// killed: it is synced before anybody sees it. A reply to a reader has no ticket to wait for it.
    fn durable(
        mut engine: Engine,
        journal: Box<dyn Journal>,
        mark: Mark,
        backend: Arc<dyn Backend>,
        by_hand: bool,
    ) -> Result<Arc<Shared>, StorageError> {
        let (clock, tasks) = (engine.clock.clone(), engine.tasks.clone());
        tasks.sync().pressure.keep_time(clock.clone());
        tasks.set_started((clock.now_ms() / 1000) as u64);
        engine.is_durable = true;
        engine.apply_config();
        engine.begin_leases();
        journal.syncer().sync()?;
        let committer = Committer::new(journal, mark, Arc::clone(tasks.sync()));
        let (engine, backend, worker) = (Mutex::new(engine), Some(backend), Mutex::default());
        Ok(Arc::new(Shared { engine, committer, backend, tasks, clock, worker, by_hand }))
    }

    /// Starts the thread that takes what holds the engine now to its end. There is never more than one.
    pub(crate) fn start_worker(self: &Arc<Shared>) {
        if self.by_hand {
            return;
        }
        let (failing, driven) = (Arc::clone(self), Arc::clone(self));
        let failed = Arc::new(move |why| {
            failing.committer.fail(&StorageError::Poisoned(why));
        });
        *self.worker.lock() = threads::start("worker", failed, move || work::drive(&driven));
    }

    /// The engine, locked. Under it: memory work only.
    pub fn engine(&self) -> Locked<'_> {
        Locked { engine: self.engine.lock(), committer: &self.committer }
    }

    /// The lock itself, for the committer.
    pub fn engine_lock(&self) -> &Mutex<Engine> {
        &self.engine
    }

    /// The committer.
    pub fn committer(&self) -> &Committer {
        &self.committer
    }

    /// Requests to the background.
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The backend's own figures.
    pub fn backend(&self) -> Option<&Arc<dyn Backend>> {
        self.backend.as_ref()
    }

    /// Reads what is missing. Blocks on the disk; a failure poisons the broker, because data that was promised cannot
    /// be read.
    pub fn load(&self, missing: Missing) -> Result<Loaded, CommitFailed> {
        let Some(backend) = &self.backend else {
            return Err(self.committer.fail(&StorageError::corrupt("memory", "an entry is not in memory")));
        };
        missing.read(&**backend).map_err(|e| self.committer.fail(&e))
    }

    /// The second half of the end, once no session runs any more: commits the rest (keys that vanished by themselves),
    /// refuses whatever comes later, syncs, and lets go of the folder. Says whether all that was acknowledged is safe.
    pub fn close(&self, threads: Threads) -> Result<(), CommitFailed> {
        let closed = self.committer.close(&self.engine);
        self.tasks.finish();
        let worker = self.worker.lock().take();
        for thread in threads.into_iter().chain(worker) {
            let _ = thread.join();
        }
        let outcome = closed.and_then(|()| self.committer.check());
        self.committer.release();
        outcome
    }

    /// Asks everything to end. Who waits gets no answer.
    pub fn end(&self, how: Ending) {
        self.tasks.end(how);
        self.engine.lock().end_waits();
    }
}
