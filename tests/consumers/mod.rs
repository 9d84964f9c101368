//! Producers, consumers, claimers and a deleter on sockets of a real server that is killed again and again: what was
//! acknowledged is there, what was delivered has one owner, what was done is never given out again.
//!
//! Nobody knows in which order the server ran what came over several sockets. So each call is noted with two numbers of
//! one counter, before it was sent and after its reply was read, and only what the numbers prove is held against the
//! server. `ROUNDS=` says how many kills, `SEED=` replays the choices (not the moments). Read next: `traffic.rs` (who does
//! what), `ledger.rs` (what must hold).

mod ledger;
mod traffic;

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target};
use fastrand::Rng;
use ledger::Ledger;
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::thread;
use std::time::{Duration, Instant};
use traffic::{Role, Worker};

pub const STREAM: &str = "orders";
pub const GROUPS: [&str; 2] = ["billing", "shipping"];
const ROUNDS: u64 = 40;

/// A stream id, comparable.
pub type Id = (u64, u64);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn consumers_get_everything_through_kills() {
    if std::env::var_os("BROOKLET_UNDER_TEST").is_none() && !cfg!(feature = "rocksdb") {
        let line = "NOT RUN: consumers through kills, because this build keeps nothing (BROOKLET_UNDER_TEST names a durable one)";
        writeln!(std::io::stderr(), "{line}").expect("standard error");
        return;
    }
    let rounds = number("ROUNDS").unwrap_or(ROUNDS);
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    for (at, mode) in ["everysec", "always"].into_iter().enumerate() {
        let mut rng = Rng::with_seed(seed + at as u64);
        if let Err(why) = mode_holds(mode, rounds.div_ceil(2), &mut rng) {
            panic!("SEED={seed} appendfsync {mode}: {why}");
        }
    }
}

fn mode_holds(mode: &str, rounds: u64, rng: &mut Rng) -> Result<(), String> {
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let flags = ["--appendfsync".to_owned(), mode.to_owned()];
    let data = Data::Durable(folder.path().to_path_buf());
    let mut server = Server::start(&target, data, &flags).map_err(|e| format!("no start: {e}"))?;
    let mut client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
    for group in GROUPS {
        let made = client.call(&["XGROUP", "CREATE", STREAM, group, "0", "MKSTREAM"]);
        made.map_err(|why| format!("XGROUP CREATE: {why:?}"))?;
    }
    let (began, clock, mut ledger) = (Instant::now(), AtomicU64::new(1), Ledger::default());
    for round in 1..=rounds {
        one_round(&mut server, &mut ledger, &clock, rng)
            .map_err(|why| format!("round {round}: {why}\n{}", server.output()))?;
    }
    let mut client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
    ledger.drain(&mut client, &clock)?;
    let took = began.elapsed().as_secs_f64();
    println!("appendfsync {mode}: {rounds} kills, {}, {took:.1} s", ledger.summary());
    Ok(())
}

fn one_round(server: &mut Server, ledger: &mut Ledger, clock: &AtomicU64, rng: &mut Rng) -> Result<(), String> {
    let life = Duration::from_millis(rng.u64(10..250));
    let over = AtomicBool::new(false);
    let done = ledger.done_everywhere();
    let logs = thread::scope(|scope| {
        let start = |role: Role| {
            let (client, rng, over, done) = (server.connect(Protocol::Resp2), rng.fork(), &over, &done);
            scope.spawn(move || {
                let client = client.map_err(|e| e.to_string())?;
                Worker::new(role, client, rng, clock, over).work(done)
            })
        };
        let workers: Vec<_> = Role::all().into_iter().map(start).collect();
        thread::sleep(life);
        let killed = server.kill().map_err(|e| e.to_string());
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        let logs: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("a worker's thread")).collect();
        killed.map(|()| logs)
    })?;
    for log in logs {
        ledger.take(log?);
    }
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    let mut client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
    ledger.verify(&mut client, clock)
}
