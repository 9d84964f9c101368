//! What survives when a server ends in the middle of its work. Clients note outside of it what was acknowledged; it is
//! ended, started again on what is left, and has to have what `docs/guarantees.md` says.
//!
//! The rungs: `kill.rs` (kill -9), `power.rs` (the power goes: what was not synced is gone), `faults.rs` (system calls
//! fail, one by one), `failpoints.rs` (so do the server's own steps). All run; an argument or `RUNG=power` picks one. `SEED=` replays the choices (not the moments),
//! `ROUNDS=` and `CUTS=` say how often, `MODE=always` leaves the other modes out.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod check;
mod control;
mod failpoints;
mod faults;
mod history;
mod judge;
mod kill;
mod ledger;
mod life;
mod power;
mod trace;
mod verify;
mod volume;
mod writer;

use std::process::ExitCode;

use brooklet_testkit::Target;
use brooklet_testkit::server::Dialect;

/// How a rung ended that did not fail.
pub enum Outcome {
    /// Everything was there.
    Held,
    /// This machine cannot do it; why.
    NotRun(String),
}

type Rung = fn(&Target, u64) -> Result<Outcome, String>;

const RUNGS: [(&str, Rung); 4] =
    [("kill", kill::run), ("power", power::run), ("faults", faults::run), ("failpoints", failpoints::run)];

fn main() -> ExitCode {
    // `cargo test` also asks for a list; there is one test here.
    if std::env::args().any(|arg| arg == "--list") {
        println!("crash: test");
        return ExitCode::SUCCESS;
    }
    let argument = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let wanted = argument.clone().or_else(|| choice("RUNG"));
    let rungs: Vec<_> = RUNGS.iter().filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)).collect();
    if rungs.is_empty() {
        println!("NOT RUN: crash: there is no rung {}", wanted.unwrap_or_default());
        // `cargo test NAME` gives its filter to every test.
        return if argument.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    let built_here = std::env::var_os("BROOKLET_UNDER_TEST").is_none();
    if built_here && !cfg!(feature = "rocksdb") {
        println!("crash: this build keeps nothing (feature `rocksdb` is off), so it cannot pass");
        return ExitCode::FAILURE;
    }
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("crash: SEED={seed}");
    for (name, run) in rungs {
        let outcome = match (*name, target.dialect()) {
            ("kill", _) | (_, Dialect::Brooklet) => run(&target, seed),
            _ => Ok(Outcome::NotRun("it takes Brooklet's flags".to_owned())),
        };
        match outcome {
            Ok(Outcome::Held) => {}
            // Who asks for one rung wants it to run.
            Ok(Outcome::NotRun(why)) if wanted.is_some() => {
                println!("NOT RUN: {name}: {why}");
                return ExitCode::FAILURE;
            }
            Ok(Outcome::NotRun(why)) => println!("NOT RUN: {name}: {why}"),
            Err(why) => {
                println!("crash: {name}: FAILED with SEED={seed}: {why}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    choice(name)?.parse().ok()
}

/// A word from the environment.
fn choice(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|word| !word.is_empty())
}
