//! Random sessions played against our server and the reference at once. A difference is shrunk and printed as a
//! transcript. `SEED=` replays from a seed, `CASES=` says how many sessions, `RESTARTS=0|1` whether ours is restarted in
//! the middle of some (it is, when it can keep data), `VERBS=XADD,XLEN` uses these only (besides MULTI). With
//! `BROOKLET_UNDER_TEST` naming a redis-server the generator checks itself: there must be no difference.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod compare;
mod elements;
mod grammar;
mod play;
mod session;
mod shrink;

use std::process::ExitCode;
use std::time::Instant;

use brooklet_testkit::server::{Data, Dialect};
use brooklet_testkit::{Server, Target};

use crate::play::Pair;
use crate::session::Session;

fn main() -> ExitCode {
    // `cargo test` also asks for a list; there is one test here.
    if std::env::args().any(|arg| arg == "--list") {
        println!("differential: test");
        return ExitCode::SUCCESS;
    }
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    let cases = number("CASES").unwrap_or(1000);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut pair = start(folder.path());
    println!("differential: SEED={seed} CASES={cases} restarts={}", pair.restarts);
    let started = Instant::now();
    let mut replies = 0;
    for case in 0..cases {
        let _told = Told(seed + case);
        let session = Session::generate(seed + case);
        match pair.play(&session) {
            Ok(count) => replies += count,
            Err(difference) => {
                println!("seed {} differs; shrinking", seed + case);
                let (short, difference) = shrink::shrink(&mut pair, &session, difference);
                println!("{} steps, clients speak {:?}:\n", short.steps.len(), short.protocols);
                println!("{}\n\nreplay: SEED={} CASES=1", difference.transcript, seed + case);
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{cases} sessions, {replies} log lines equal, {:.1} s", started.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

/// Names the seed when a session ends in a panic: a server that is gone has no reply to compare.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("replay: SEED={} CASES=1", self.0);
        }
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn start(folder: &std::path::Path) -> Pair {
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    let keeps = cfg!(feature = "rocksdb") && target.dialect() == Dialect::Brooklet;
    let restarts = number("RESTARTS").map_or(keeps, |n| n == 1);
    let data = if restarts { Data::Durable(folder.to_path_buf()) } else { Data::Volatile };
    let reference = Target::reference().unwrap_or_else(|why| panic!("{why}"));
    let reference = Server::start(&reference, Data::Volatile, &[]).expect("the reference starts");
    let ours = Server::start(&target, data, &[]).unwrap_or_else(|why| panic!("our server does not start: {why}"));
    Pair { reference, ours, restarts }
}
