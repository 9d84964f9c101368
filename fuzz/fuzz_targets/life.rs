//! Fuzzes the simulation: the input chooses what happens next, the model of `tests/simulation/` judges. Its corpus runs in
//! `tests/simulation/main.rs`.

#![no_main]

#[path = "../../tests/simulation"]
mod simulation {
    pub mod act;
    pub mod client;
    pub mod dice;
    pub mod disk;
    pub mod model;
    pub mod op;
    pub mod value;
    pub mod wish;
    pub mod world;
}

// The names by which they know one another.
use simulation::{act, client, dice, disk, model, op, value, wish, world};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (seed, steps) = act::chosen(bytes);
    let mut world = world::World::new(seed, false);
    steps.into_iter().for_each(|step| world.act(step));
    world.verify();
});
