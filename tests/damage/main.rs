//! The damage matrix: each kind of file in a data folder, damaged in each way, on a folder that was left in good order, on one
//! whose server was killed, and on one whose server was killed right after a checkpoint. The server then serves all that was acknowledged, or refuses to start and says why, or
//! answers an error to the read of what is damaged. Never less or other data, never a panic; and where it refuses, putting
//! the file back is enough. Where the program knows `brooklet check`, that finds what the server minds.
//!
//! `SEED=` replays the choices, `OFFSETS=` says how many places of a file are damaged in each way (1), `TABLES=` how many
//! table files (2), `ONLY=` leaves out the cases whose name does not contain it, `TABLE=1` prints each case.

#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used)]

mod damage;
mod dump;
mod fill;
mod judge;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use brooklet_testkit::Target;
use brooklet_testkit::server::Dialect;
use fastrand::Rng;

use crate::damage::Case;
use crate::fill::{End, Folder};
use crate::judge::{Judge, Outcome};

fn main() -> ExitCode {
    // `cargo test` also asks for a list; there is one test here.
    if std::env::args().any(|arg| arg == "--list") {
        println!("damage: test");
        return ExitCode::SUCCESS;
    }
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    let is_own = std::env::var_os("BROOKLET_UNDER_TEST").is_none();
    if target.dialect() != Dialect::Brooklet || (is_own && !cfg!(feature = "rocksdb")) {
        println!("damage: needs a broker that keeps something (feature `rocksdb`), so it cannot pass");
        return ExitCode::FAILURE;
    }
    let seed = number("SEED").unwrap_or_else(|| fastrand::u64(..1_000_000_000));
    println!("damage: SEED={seed}");
    match run(&target, &mut Rng::with_seed(seed)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("damage: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run(target: &Target, rng: &mut Rng) -> Result<bool, String> {
    let started = Instant::now();
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let judge = Judge::new(target);
    if !judge.knows_check() {
        println!("NOT RUN: `brooklet check` over the damaged folders, because the program does not know it");
    }
    let mut folders = Vec::new();
    for end in [End::Ended, End::Killed, End::Settled] {
        folders.push(Folder::fill(target, scratch.path(), end)?);
    }
    folders.iter().try_for_each(|folder| judge.is_sound(folder))?;
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut cases: Vec<(usize, Case)> = Vec::new();
    for (at, folder) in folders.iter().enumerate() {
        cases.extend(damage::cases(folder, rng)?.into_iter().map(|case| (at, case)));
    }
    cases.retain(|(at, case)| format!("{} {case}", folders[*at].name()).contains(&only));
    let outcomes = all(&judge, &folders, &cases);
    let count = |of: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| of(outcome)).count();
    let wrong = count(|outcome| matches!(outcome, Outcome::Wrong(_)));
    println!(
        "damage: {} cases, {} served, {} refused, {} read errors, {wrong} wrong, {:.1} s",
        cases.len(),
        count(|outcome| matches!(outcome, Outcome::Served)),
        count(|outcome| matches!(outcome, Outcome::Refused(_))),
        count(|outcome| matches!(outcome, Outcome::ReadErrors(_))),
        started.elapsed().as_secs_f64()
    );
    Ok(wrong == 0)
}

/// Judges all cases, two at a time: a start waits for the disk as often as for the processor.
fn all(judge: &Judge, folders: &[Folder], cases: &[(usize, Case)]) -> Vec<Outcome> {
    let told = std::env::var_os("TABLE").is_some();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((folder, case)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let folder = &folders[*folder];
                    let outcome = judge.judge(folder, case).unwrap_or_else(|why| Outcome::Wrong(why.to_string()));
                    if told || matches!(outcome, Outcome::Wrong(_)) {
                        println!("{} {case}: {outcome}", folder.name());
                    }
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    outcomes.into_inner().unwrap()
}
