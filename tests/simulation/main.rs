//! The whole engine in one thread, with clients, clock, disk and crashes from a seed, against a model.
//!
//! `SEEDS=10000 cargo test --test simulation` lives so many lives, from `FIRST=` on; `SEED=7` lives one and prints every
//! step of it. A life that fails is made shorter while it still fails. Read next: `world.rs`, `act.rs`, `model.rs`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod act;
mod client;
// Here, because each test binary links RocksDB again.
#[path = "../consumers/mod.rs"]
mod consumers;
mod dice;
mod disk;
mod leases;
mod model;
mod op;
mod value;
mod wish;
mod world;

use act::{Act, Step, chosen, steps};
use brooklet_storage::backend::memory::LateReclaims;
use op::{NewId, Op, Payload};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use world::{Crash, World};

/// Lives that the gate has time for.
const SEEDS: u64 = 500;
/// Steps of a life.
const STEPS: u64 = 700;
/// Lines of a failed life that are printed.
const LAST: usize = 60;

/// Lives a life; its trace, if that is wanted, and what went wrong.
fn live(seed: u64, steps: &[Step], traced: bool) -> (Vec<String>, Result<(), String>) {
    let mut world = World::new(seed, traced);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        steps.iter().for_each(|step| world.act(*step));
        world.verify();
    }));
    let trace = world.trace.take().unwrap_or_default();
    let why = lived.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    });
    // A world that panicked may hold a lock that its own end would wait for.
    if why.is_err() {
        world.disk.clear();
        std::mem::forget(world);
    }
    (trace, why)
}

/// Leaves out as many steps as possible.
fn shrink(seed: u64, mut steps: Vec<Step>) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(fewer.len()));
            if live(seed, &fewer, false).1.is_err() {
                steps = fewer;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    steps
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn fail(seed: u64, steps: Vec<Step>, why: &str) -> ! {
    let all = steps.len();
    let steps = shrink(seed, steps);
    let (trace, last) = live(seed, &steps, true);
    let last = last.expect_err("a shrunk life still fails");
    let from = trace.len().saturating_sub(LAST);
    panic!(
        "SEED={seed}: {why}\nshrunk from {all} to {} steps: {last}\n{}\nreplay: SEED={seed} cargo test --test simulation -- --nocapture",
        steps.len(),
        trace[from..].join("\n")
    );
}

#[test]
fn lives_agree_with_the_model() {
    let count = number("STEPS").unwrap_or(STEPS) as usize;
    if let Some(seed) = number("SEED") {
        let (trace, why) = live(seed, &steps(seed, count), true);
        println!("{}", trace.join("\n"));
        return why.unwrap_or_else(|why| fail(seed, steps(seed, count), &why));
    }
    let (first, seeds) = (number("FIRST").unwrap_or(1), number("SEEDS").unwrap_or(SEEDS));
    let began = Instant::now();
    for seed in first..first + seeds {
        if let (_, Err(why)) = live(seed, &steps(seed, count), false) {
            fail(seed, steps(seed, count), &why);
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!("{seeds} lives of {count} steps in {took:.1} s: {:.0} a second", seeds as f64 / took);
}

/// What the fuzzer found (`fuzz/fuzz_targets/life.rs`) stays found.
#[test]
fn lives_that_were_chosen_agree_with_the_model() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/life");
    let mut inputs = 0;
    for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        let (seed, steps) = chosen(&std::fs::read(&file).unwrap());
        let (trace, why) = live(seed, &steps, true);
        assert_eq!(why, Ok(()), "{}\n{}", file.display(), trace.join("\n"));
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus");
}

/// Seed 102 once: an entry that was appended and not synced when the process was killed was read after the restart, and
/// lost with the power.
#[test]
fn what_a_start_replays_is_synced_before_anybody_sees_it() {
    let mut world = World::new(2, false);
    let payload = Payload { number: 1, dots: 0 };
    world.clients[0].ask(Op::Add { key: "orders", id: NewId::Auto, make: true, trim: None, payload, producer: None });
    world.step_client(0);
    let ticket = world.shared.engine().ticket();
    assert!(world.shared.committer().append(world.shared.engine_lock(), ticket).unwrap());
    for crash in [Crash::Kill, Crash::PowerCut(0)] {
        world.restart(crash, 0, LateReclaims::Undone);
        assert!(world.state.stream("orders").is_some(), "{crash:?}");
    }
}

#[test]
fn a_seed_lives_the_same_life_twice() {
    for seed in 1..=10 {
        let steps = steps(seed, STEPS as usize);
        let (once, again) = (live(seed, &steps, true), live(seed, &steps, true));
        let differs = once.0.iter().zip(&again.0).find(|(a, b)| a != b);
        assert!(once == again, "seed {seed}: {differs:?}");
    }
}

#[test]
fn a_life_has_everything_in_it() {
    let acts: Vec<Act> = (1..=20).flat_map(|seed| steps(seed, STEPS as usize)).map(|step| step.0).collect();
    for act in [Act::Kill, Act::PowerCut, Act::PowerFails, Act::SyncFails, Act::Fill, Act::Back, Act::Complete] {
        assert!(acts.contains(&act), "{act:?}");
    }
}
