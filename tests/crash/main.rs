//! kill -9 at a random moment, restart on the same folder, compare with what was acknowledged; many times over, in both
//! modes of syncing. A killed process loses nothing that the system has, so both modes must keep every acknowledged
//! effect. `ROUNDS=` says how often in all, `SEED=` replays the choices (not the moments), `MODE=always` leaves the other
//! out. (redis-server passes with `always` only: while a sync is running its everysec mode answers before it writes.)

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod ledger;
mod verify;
mod writer;

use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use brooklet_testkit::server::{Data, Dialect};
use brooklet_testkit::{Protocol, Server, Target};
use fastrand::Rng;

use crate::ledger::Ledger;

const WRITERS: usize = 4;

/// What happened, for the last line.
#[derive(Default)]
struct Counts {
    answered: usize,
    unanswered: usize,
    happened: usize,
}

fn main() -> ExitCode {
    // `cargo test` also asks for a list; there is one test here.
    if std::env::args().any(|arg| arg == "--list") {
        println!("crash: test");
        return ExitCode::SUCCESS;
    }
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    if target.dialect() == Dialect::Brooklet && !cfg!(feature = "rocksdb") {
        println!("crash: this build keeps nothing (feature `rocksdb` is off), so it cannot pass");
        return ExitCode::FAILURE;
    }
    let rounds = number("ROUNDS").unwrap_or(200);
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("crash: SEED={seed} ROUNDS={rounds}");
    let only = std::env::var("MODE").ok();
    let modes: Vec<&str> =
        ["everysec", "always"].into_iter().filter(|m| only.as_ref().is_none_or(|o| o == m)).collect();
    for (at, mode) in modes.iter().enumerate() {
        let rounds = rounds.div_ceil(modes.len() as u64);
        if let Err(why) = mode_holds(&target, mode, rounds, &mut Rng::with_seed(seed + at as u64)) {
            println!("appendfsync {mode}: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn mode_holds(target: &Target, mode: &str, rounds: u64, rng: &mut Rng) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let started = Instant::now();
    let mut server = start(target, folder.path(), mode)?;
    let mut ledgers: Vec<Ledger> = (0..WRITERS).map(Ledger::new).collect();
    prepare(&server, &ledgers)?;
    let mut counts = Counts::default();
    for round in 1..=rounds {
        one_round(&mut server, &mut ledgers, &mut counts, rng).map_err(|why| {
            let kept = folder_kept(folder.path());
            format!("round {round}: {why}\n{}\ndata: {kept}", server.output())
        })?;
    }
    let Counts { answered, unanswered, happened } = counts;
    println!(
        "appendfsync {mode}: {rounds} kills, {answered} acknowledged operations kept, {happened} of {unanswered} \
         unanswered ones had happened, {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn start(target: &Target, folder: &Path, mode: &str) -> Result<Server, String> {
    let flags = ["--appendfsync".to_owned(), mode.to_owned()];
    Server::start(target, Data::Durable(folder.to_path_buf()), &flags).map_err(|e| format!("no start: {e}"))
}

fn prepare(server: &Server, ledgers: &[Ledger]) -> Result<(), String> {
    let mut client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
    for ledger in ledgers {
        let made = client.call(&["XGROUP", "CREATE", &ledger.log(), "g", "0", "MKSTREAM"]);
        made.map_err(|why| format!("XGROUP CREATE: {why:?}"))?;
    }
    Ok(())
}

fn one_round(server: &mut Server, ledgers: &mut [Ledger], counts: &mut Counts, rng: &mut Rng) -> Result<(), String> {
    let life = Duration::from_micros(rng.u64(5_000..60_000));
    let outcomes = thread::scope(|scope| {
        let start = |ledger| {
            let (client, mut rng) = (server.connect(Protocol::Resp2), rng.fork());
            scope.spawn(move || writer::write(ledger, client.map_err(|e| e.to_string())?, &mut rng))
        };
        let writers: Vec<_> = ledgers.iter_mut().map(start).collect();
        thread::sleep(life);
        let killed = server.kill().map_err(|e| e.to_string());
        let ends: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("a writer's thread")).collect();
        killed.map(|()| ends)
    })?;
    for outcome in outcomes {
        counts.answered += outcome?;
    }
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    let mut client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
    for ledger in ledgers {
        counts.unanswered += ledger.unknown.len();
        counts.happened += verify::verify(ledger, &mut client)?;
    }
    client.call(&["DEL", "shared"]).map(drop).map_err(|why| format!("DEL: {why:?}"))
}

/// Copies the data away from the temporary folder, for whoever looks into the failure.
fn folder_kept(folder: &Path) -> String {
    let kept = std::env::temp_dir().join(format!("brooklet-crash-{}", std::process::id()));
    let copied = std::process::Command::new("cp").arg("-a").arg(folder).arg(&kept).status();
    if copied.is_ok_and(|status| status.success()) { kept.display().to_string() } else { "not kept".to_owned() }
}
