//! System calls that fail: each case makes some calls of a running server go wrong and looks at what it tells its clients, at how
//! it ends, and at what it has when it is started again. strace does that to the calls of the real program; a full disk is a
//! full disk.

mod errors;
mod full;
mod probe;
mod slow;
mod sweep;

use std::time::Instant;

use brooklet_testkit::Target;
use fastrand::Rng;

use crate::{Outcome, choice, trace};

/// One case; how many calls went wrong.
type Case = fn(&Target, &mut Rng) -> Result<usize, Trouble>;

/// Why a case did not pass.
pub enum Trouble {
    /// The server did something wrong.
    Wrong(String),
    /// This machine cannot do it.
    NotRun(String),
}

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Trouble::Wrong(why)
    }
}

const CASES: [(&str, Case); 15] = [
    ("a failed sync ends it, always", |target, _| errors::sync_fails(target, "always")),
    ("a failed sync ends it, everysec", |target, _| errors::sync_fails(target, "everysec")),
    ("a failed write ends it, always", |target, _| errors::write_fails(target, "always")),
    ("a failed write ends it, everysec", |target, _| errors::write_fails(target, "everysec")),
    ("no file can be opened", |target, _| errors::no_descriptors(target)),
    ("a write that the disk forgot is noticed", |target, _| errors::forgotten_write(target)),
    ("a write finds no room", |target, _| full::no_room_for_a_write(target)),
    ("a disk gets full and has room again", |target, _| full::full_disk(target, "16mb")),
    ("the same in a few milliseconds", |target, _| full::full_disk(target, "1mb")),
    ("a slow sync, always", |target, _| slow::always(target)),
    ("a slow sync, everysec", |target, _| slow::everysec(target)),
    ("killed at each call, always", |target, rng| sweep::killed(target, "always", rng)),
    ("killed at each call, everysec", |target, rng| sweep::killed(target, "everysec", rng)),
    ("power cut at each call, always", |target, rng| sweep::cut(target, "always", rng)),
    ("power cut at each call, everysec", |target, rng| sweep::cut(target, "everysec", rng)),
];

/// The rung.
pub fn run(target: &Target, seed: u64) -> Result<Outcome, String> {
    if let Some(why) = trace::missing() {
        return Ok(Outcome::NotRun(format!("strace is needed: {why}")));
    }
    let started = Instant::now();
    let (mut faults, mut held) = (0, 0);
    let only = choice("CASE").unwrap_or_default();
    for (at, (name, case)) in CASES.iter().enumerate().filter(|(_, (name, _))| name.contains(&only)) {
        let began = Instant::now();
        match case(target, &mut Rng::with_seed(seed + at as u64)) {
            Ok(hits) => {
                (faults, held) = (faults + hits, held + 1);
                println!("  {name}: {hits} faults, {:.1} s", began.elapsed().as_secs_f64());
            }
            Err(Trouble::NotRun(why)) => println!("NOT RUN: faults: {name}: {why}"),
            Err(Trouble::Wrong(why)) => return Err(format!("{name}: {why}")),
        }
    }
    println!(
        "faults: {held} of {} cases held, {faults} calls went wrong, nothing acknowledged was lost, {:.1} s",
        CASES.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(Outcome::Held)
}
