//! Serving: open the data, listen, say so, wait for the end, exit with a code that tells how it went.

use super::{complain, descriptors, users};
use crate::acl::User;
use crate::broker::clock::Clock;
use crate::broker::shared::{Shared, Threads};
use crate::broker::tasks::Ending;
use crate::config::{Config, Startup};
use crate::server::listener::{self, Listening};
use crate::telemetry::log;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Exit code after a failed write or sync: what became of the last commands is unknown.
const STORAGE_FAILED: u8 = 3;

/// Serves until a signal or SHUTDOWN ends it.
pub fn serve(startup: Startup) -> ExitCode {
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
    let allowed = users.and_then(|users| allow_addresses(&config, &users).map(|()| users));
    let started = allowed.and_then(|users| bind_all(&config).map(|listeners| (users, listeners)));
    let started = started.and_then(|(users, listeners)| {
        let (shared, threads) = open(&config).map_err(|e| e.to_string())?;
        {
            let mut engine = shared.engine();
            engine.config_file = file;
            engine.replace_users(users);
        }
        let loops = config.event_loops(std::thread::available_parallelism().map_or(1, usize::from));
        let listening = listener::start(&shared, listeners, loops).map_err(|e| format!("cannot start: {e}"))?;
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
        return Shared::open(config.clone(), Clock::system());
    }
    if !config.is_volatile() {
        tracing::warn!("built without RocksDB: nothing is kept on disk");
    }
    Ok(Shared::volatile(config.clone(), Clock::system()))
}

fn run(config: &Config, shared: &Arc<Shared>, threads: Threads, listening: Listening, signals: Signals) -> ExitCode {
    if let Some(addr) = listening.addrs().first() {
        tracing::info!("Ready to accept connections on {addr}");
        if let Err(error) = write_ready_file(&config.ready_file, *addr) {
            complain(&format!("cannot write {}: {error}", config.ready_file.display()));
        }
    }
    if config.exit_with_parent {
        watch_parent(shared);
    }
    let failure = signals.wait_for_end(shared);
    shared.end(Ending::Orderly);
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

/// The signals that end the broker in good order.
struct Signals {
    runtime: Runtime,
    term: Signal,
    int: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Signals> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (term, int) = {
            let _context = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        Ok(Signals { runtime, term, int })
    }

    /// Returns when a signal, SHUTDOWN or a failed commit ends the broker; the failure, if it was one.
    fn wait_for_end(self, shared: &Shared) -> Option<String> {
        let Signals { runtime, mut term, mut int } = self;
        runtime.block_on(async {
            tokio::select! {
                _ = term.recv() => None,
                _ = int.recv() => None,
                _ = shared.tasks().ended() => None,
                failed = shared.committer().failure() => Some(failed.to_string()),
            }
        })
    }
}

/// Without a password only this machine may be served, unless the operator insists.
fn allow_addresses(config: &Config, users: &[User]) -> Result<(), String> {
    if config.insecure || !users::are_open(config, users) {
        return Ok(());
    }
    match config.bind.iter().find(|name| !is_loopback(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "bind {name} would serve other machines without a password; set one with --requirepass (or \
             --requirepass-file), bind only 127.0.0.1, or say --insecure"
        )),
    }
}

/// Whether only this machine can reach an address of `bind`. A name that cannot be resolved counts as reachable.
fn is_loopback(name: &str) -> bool {
    let host = name.strip_prefix('-').unwrap_or(name);
    let Ok(mut found) = (host, 0).to_socket_addrs() else { return false };
    host != "*" && host != "::*" && found.all(|addr| addr.ip().is_loopback())
}

fn bind_all(config: &Config) -> Result<Vec<TcpListener>, String> {
    let mut bound = Vec::new();
    let mut port = config.port;
    for name in &config.bind {
        let (name, optional) = name.strip_prefix('-').map_or((name.as_str(), false), |name| (name, true));
        let host = match name {
            "*" => "0.0.0.0",
            "::*" => "::",
            other => other,
        };
        let addr = (host, port).to_socket_addrs().ok().and_then(|mut a| a.next());
        let listener = addr
            .ok_or_else(|| "no such address".to_owned())
            .and_then(|a| listener::bind(a, config.tcp_backlog).map_err(|e| explain(&e, a)));
        match listener {
            Ok(listener) => {
                // With port 0 the first address chooses for all.
                port = listener.local_addr().map_or(port, |a| a.port());
                bound.push(listener);
            }
            Err(_) if optional => {}
            Err(why) => return Err(format!("cannot listen on {host}:{port}: {why}")),
        }
    }
    if bound.is_empty() { Err("no address to listen on (see bind)".into()) } else { Ok(bound) }
}

fn explain(error: &std::io::Error, addr: SocketAddr) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            format!("the port is in use (stop what listens there, or choose another --port than {})", addr.port())
        }
        std::io::ErrorKind::PermissionDenied => "permission denied (ports below 1024 need a privilege)".to_owned(),
        _ => error.to_string(),
    }
}

/// Writes the address in one step, so that a reader never sees half of it.
fn write_ready_file(path: &Path, addr: SocketAddr) -> std::io::Result<()> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    let temporary = path.with_extension("part");
    std::fs::write(&temporary, format!("{addr}\n"))?;
    std::fs::rename(temporary, path)
}

/// Ends the broker when the process that started it is gone.
fn watch_parent(shared: &Arc<Shared>) {
    let parent = rustix::process::getppid();
    let watched = Arc::clone(shared);
    let body = move || {
        while rustix::process::getppid() == parent && watched.tasks().ending().is_none() {
            std::thread::sleep(Duration::from_millis(50));
        }
        watched.end(Ending::Orderly);
    };
    crate::broker::threads::start("parent", Arc::new(|_| {}), body);
}
