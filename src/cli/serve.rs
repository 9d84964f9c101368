//! Serving: open the data, listen, say so, wait for the end, exit with a code that tells how it went.

#[cfg(feature = "rocksdb")]
use super::progress;
use super::{complain, descriptors, doors, users};
use crate::broker::client::Endpoint;
use crate::broker::clock::{Clock, ManualClock};
use crate::broker::shared::{Shared, Threads};
use crate::broker::tasks::Ending;
use crate::config::{Config, Profile, Startup};
use crate::server::listener::{self, Listening};
use crate::telemetry::{log, memory};
use brooklet_storage::failpoint::{self, Point};
#[cfg(feature = "rocksdb")]
use brooklet_storage::progress::{Phase, Progress};
use rustix::process::Pid;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code after a failed write or sync, or a panic: what became of the last commands is unknown.
const STORAGE_FAILED: u8 = 3;

/// Serves until a signal or SHUTDOWN ends it. A panic of this thread ends it as that of any other thread does.
pub fn serve(startup: Startup) -> ExitCode {
    let served = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| start(startup)));
    served.unwrap_or_else(|_| ExitCode::from(STORAGE_FAILED))
}

fn start(startup: Startup) -> ExitCode {
    let mut config = startup.config;
    // What is stored belongs to whoever runs the broker and to nobody else.
    rustix::process::umask(rustix::fs::Mode::from_bits_truncate(0o077));
    if let Err(why) = log::start(&config) {
        complain(&format!("cannot log to {}: {why}", config.logfile.display()));
        return ExitCode::FAILURE;
    }
    if let Some(fewer) = descriptors::provide(&mut config) {
        tracing::warn!("{fewer}");
    }
    if config.profile == Profile::Edge {
        memory::give_back_at_once();
    }
    startup.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let file = startup.file;
    // Before anybody can know that we run: a signal that came too early would end the process without a drain.
    let signals = match Signals::catch() {
        Ok(signals) => signals,
        Err(why) => {
            complain(&format!("cannot catch signals: {why}"));
            return ExitCode::FAILURE;
        }
    };
    let users = users::configured(&config, &startup.users);
    let allowed = users.and_then(|users| doors::allow_addresses(&config, &users).map(|()| users));
    let started = allowed.and_then(|users| doors::open(&config).map(|doors| (users, doors)));
    let started = started.and_then(|(users, doors)| {
        let (shared, threads) = open(&config).map_err(|e| e.to_string())?;
        {
            let mut engine = shared.engine();
            engine.config_file = file;
            engine.replace_users(users);
        }
        failpoint::pass(Point::ServeReady);
        let loops = config.event_loops(std::thread::available_parallelism().map_or(1, usize::from));
        let listening = listener::start(&shared, doors, loops).map_err(|e| format!("cannot start: {e}"))?;
        Ok((shared, threads, listening))
    });
    match started {
        Ok((shared, threads, listening)) => run(&config, &shared, threads, listening, signals),
        Err(why) => {
            complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn open(config: &Config) -> Result<(Arc<Shared>, Threads), brooklet_storage::StorageError> {
    #[cfg(feature = "rocksdb")]
    if !config.is_volatile() {
        let progress = Arc::new(Progress::default());
        progress.begin(Phase::Backend, 0);
        let has_terminal = config.logfile.as_os_str().is_empty() && !config.quiet;
        let shown = progress::show(&progress, has_terminal, |line| tracing::info!("{line}"));
        let opened = Shared::open(config.clone(), clock(config), &progress);
        progress.end();
        if let Some(shown) = shown {
            shown.thread().unpark();
            let _ = shown.join();
        }
        return opened;
    }
    if !config.is_volatile() {
        tracing::warn!("built without RocksDB: nothing is kept on disk");
    }
    Ok(Shared::volatile(config.clone(), clock(config)))
}

fn clock(config: &Config) -> Clock {
    let machine = Clock::system();
    if !config.test_clock {
        return machine;
    }
    tracing::warn!("test-clock: time stands still until TEST.CLOCK moves it; nothing is synced by time");
    Clock::Manual(ManualClock::at(machine.now_ms()))
}

fn run(config: &Config, shared: &Arc<Shared>, threads: Threads, listening: Listening, signals: Signals) -> ExitCode {
    for endpoint in listening.endpoints() {
        tracing::info!("Ready to accept connections on {endpoint}");
    }
    if let Some(first) = listening.endpoints().first()
        && let Err(error) = write_ready_file(&config.ready_file, first)
    {
        complain(&format!("cannot write {}: {error}", config.ready_file.display()));
    }
    let watching = if config.exit_with_parent { watch_parent(shared, signals.parent) } else { None };
    let failure = signals.wait_for_end(shared);
    shared.end(Ending::Orderly);
    if let Some(watching) = watching {
        // Whoever holds the broker when the process exits keeps the store open, whose threads do not bear that.
        watching.thread().unpark();
        let _ = watching.join();
    }
    listening.join();
    let closed = shared.close(threads);
    match failure.or_else(|| closed.err().map(|e| e.to_string())) {
        None => ExitCode::SUCCESS,
        Some(why) => {
            complain(&why);
            ExitCode::from(STORAGE_FAILED)
        }
    }
}

/// The signals that end the broker in good order, the one that does not, and the parent of the first moment: one that is gone
/// before clients are served has to be missed as well.
struct Signals {
    runtime: Runtime,
    term: Signal,
    int: Signal,
    hup: Signal,
    parent: Option<Pid>,
}

impl Signals {
    fn catch() -> std::io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (term, int, hup) = {
            let _context = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?)
        };
        Ok(Signals { runtime, term, int, hup, parent: rustix::process::getppid() })
    }

    /// Returns when a signal, SHUTDOWN or a failed commit ends the broker; the failure, if it was one.
    fn wait_for_end(self, shared: &Shared) -> Option<String> {
        let Signals { runtime, mut term, mut int, mut hup, .. } = self;
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = term.recv() => return None,
                    _ = int.recv() => return None,
                    _ = shared.tasks().ended() => return None,
                    failed = shared.committer().failure() => return Some(failed.to_string()),
                    // Service managers send it to have files read again, terminals when they close.
                    _ = hup.recv() => tracing::info!("SIGHUP: nothing to do, new certificates are noticed anyway"),
                }
            }
        })
    }
}

/// Writes the address in one step, so that a reader never sees half of it.
fn write_ready_file(path: &Path, endpoint: &Endpoint) -> std::io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let temporary = path.with_extension("part");
    std::fs::write(&temporary, format!("{endpoint}\n"))?;
    std::fs::rename(temporary, path)
}

/// Ends the broker when the process that started it is gone.
fn watch_parent(shared: &Arc<Shared>, parent: Option<Pid>) -> Option<JoinHandle<()>> {
    let watched = Arc::clone(shared);
    let body = move || {
        while rustix::process::getppid() == parent && watched.tasks().ending().is_none() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        watched.end(Ending::Orderly);
    };
    crate::broker::threads::start("parent", Arc::new(|_| {}), body)
}
