//! Random lives. A life that fails is made shorter while it still fails, and printed with its seed:
//! `SEED=7 cargo test -p brooklet-storage random_lives` lives it again, `LIVES=1000` lives more of them.

use super::actions::{Dice, NAMES};
use super::world::{Checkpoint, DATABASES, World};
use crate::backend::memory::LateReclaims;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

/// What may happen; the number says how often.
const ACTS: &[(Act, u64)] = &[
    (Act::SetString, 10),
    (Act::Mint, 8),
    (Act::Lease, 3),
    (Act::PatchString, 4),
    (Act::Elements, 30),
    (Act::Deadline, 5),
    (Act::Delete, 6),
    (Act::Rename, 6),
    (Act::Copy, 5),
    (Act::Flush, 1),
    (Act::Swap, 2),
    (Act::Tick, 4),
    (Act::Append, 25),
    (Act::Trim, 8),
    (Act::DeleteEntries, 12),
    (Act::Counters, 2),
    (Act::CreateGroup, 8),
    (Act::DestroyGroup, 2),
    (Act::Cursor, 3),
    (Act::AddConsumer, 8),
    (Act::Consume, 30),
    (Act::Idempotent, 6),
    (Act::Commit, 30),
    (Act::Sync, 4),
    (Act::Slice, 20),
    (Act::Cut, 8),
    (Act::Complete, 10),
    (Act::FailComplete, 1),
    (Act::EvictChunks, 8),
    (Act::EvictObjects, 12),
    (Act::Ask, 8),
    (Act::Read, 8),
    (Act::Install, 8),
    (Act::Look, 6),
    (Act::Crash, 2),
    (Act::Twin, 1),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    SetString,
    Mint,
    Lease,
    PatchString,
    Elements,
    Deadline,
    Delete,
    Rename,
    Copy,
    Flush,
    Swap,
    Tick,
    Append,
    Trim,
    DeleteEntries,
    Counters,
    CreateGroup,
    DestroyGroup,
    Cursor,
    AddConsumer,
    Consume,
    Idempotent,
    /// Appends what was executed to the journal.
    Commit,
    Sync,
    /// Parts of a checkpoint.
    Slice,
    Cut,
    Complete,
    /// The power fails while a checkpoint is written.
    FailComplete,
    EvictChunks,
    EvictObjects,
    /// Parts of a load that comes late.
    Ask,
    Read,
    Install,
    /// Compares one key.
    Look,
    Crash,
    /// Opens a copy and compares everything.
    Twin,
}

#[derive(Clone, Copy, Debug)]
struct Step(Act, Dice);

fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut dice = Dice(seed);
    let total = ACTS.iter().map(|(_, weight)| weight).sum();
    let mut step = || {
        let mut left = dice.roll(total);
        let found = ACTS.iter().find(|(_, weight)| {
            let here = left < *weight;
            left = left.wrapping_sub(*weight);
            here
        });
        Step(found.unwrap().0, Dice(dice.roll(u64::MAX)))
    };
    (0..count).map(|_| step()).collect()
}

impl World {
    fn act(&mut self, step: Step) {
        self.perform(step);
        let counted = |o: &crate::keyspace::object::Object| o.chunk_bytes();
        let held: usize = self.store.databases.iter().flat_map(|d| d.resident()).map(|(_, o)| counted(o)).sum();
        assert_eq!(self.store.chunk_bytes(), held, "bytes of chunks in memory");
        for database in &self.store.databases {
            for (token, placed) in &database.leases {
                let object = database.object(placed.slot).unwrap();
                assert!(object.token && object.uid == *token, "each lease has its key in memory");
            }
        }
    }

    fn perform(&mut self, Step(act, mut dice): Step) {
        let dice = &mut dice;
        match act {
            Act::SetString => self.set_string(dice),
            Act::Mint => self.mint(dice),
            Act::Lease => self.lease(dice),
            Act::PatchString => self.patch_string(dice),
            Act::Elements => self.change_elements(dice),
            Act::Deadline => self.set_deadline(dice),
            Act::Delete => self.delete(dice),
            Act::Rename => self.move_or_copy(dice, false),
            Act::Copy => self.move_or_copy(dice, true),
            Act::Flush => self.flush(dice),
            Act::Swap => self.swap(dice),
            Act::Tick => self.tick(dice),
            Act::Append => self.append(dice),
            Act::Trim => self.trim(dice),
            Act::DeleteEntries => self.delete_entries(dice),
            Act::Counters => self.set_counters(dice),
            Act::CreateGroup => self.create_group(dice),
            Act::DestroyGroup => self.destroy_group(dice),
            Act::Cursor => self.set_cursor(dice),
            Act::AddConsumer => self.add_consumer(dice),
            Act::Consume => (0..=dice.roll(5)).for_each(|_| self.consume(dice)),
            Act::Idempotent => self.produce_idempotently(dice),
            Act::Commit => self.commit(),
            Act::Sync => self.sync(),
            other => self.act_around(other, dice),
        }
    }

    /// What happens to a store from outside.
    fn act_around(&mut self, act: Act, dice: &mut Dice) {
        match act {
            Act::Slice => self.slice(1 + dice.roll(5) as usize, dice.one_in(2)),
            Act::Cut => self.cut(),
            Act::Complete => assert!(self.complete()),
            Act::FailComplete => self.fail_complete(dice),
            Act::EvictChunks => {
                let keep = dice.roll(20) as usize * crate::stream::chunk::CHUNK_BYTES;
                self.store.evict_chunks(keep, 1 + dice.roll(100) as usize);
            }
            Act::EvictObjects => {
                let before_ms = self.now_ms + 1;
                (_, self.hand) = self.store.evict_objects(self.hand, 1 + dice.roll(30) as usize, before_ms, usize::MAX);
            }
            Act::Ask => self.ask_only(dice),
            Act::Read => {
                if let Some(missing) = self.asked.pop() {
                    self.late.push(missing.read(&*self.backend).expect("a late load may find anything but no damage"));
                }
            }
            Act::Install => {
                if !self.late.is_empty() {
                    let loaded = self.late.swap_remove(dice.roll(self.late.len() as u64) as usize);
                    self.store.install(loaded);
                }
            }
            Act::Look => {
                let (db, name) = dice.place();
                self.verify_key(db, name);
            }
            Act::Crash => {
                let late = if dice.one_in(2) { LateReclaims::Undone } else { LateReclaims::Done };
                self.crash(dice.one_in(2), dice.roll(40) as usize, late);
                if dice.one_in(2) {
                    self.verify();
                }
            }
            Act::Twin => {
                self.commit();
                self.twin().verify();
            }
            _ => unreachable!("{act:?} is a command"),
        }
    }

    /// Asks for something cold without loading it now.
    fn ask_only(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        self.store.now_ms = 0;
        let missing = match self.store.find(db, name) {
            Err(missing) => Some(missing),
            Ok(Some(key)) => {
                let cold = self.store.stream(key).map(|s| s.log.all_cold()).filter(|cold| !cold.0.is_empty());
                cold.map(|cold| self.store.missing_chunks(key, cold))
            }
            Ok(None) => None,
        };
        self.asked.extend(missing);
    }

    fn fail_complete(&mut self, dice: &mut Dice) {
        if !matches!(self.checkpoint, Some(Checkpoint::Cut(..))) {
            return;
        }
        self.backend.left.store(dice.roll(12) as usize, Ordering::Relaxed);
        let completed = self.complete();
        self.backend.left.store(usize::MAX, Ordering::Relaxed);
        if !completed {
            self.crash(dice.one_in(2), dice.roll(12) as usize, LateReclaims::Undone);
            self.verify();
        }
    }
}

/// Lives a life; the panic's text if it fails.
fn live(seed: u64, steps: &[Step]) -> Result<(), String> {
    // Most lives know no collision; some know little else.
    let mask = match seed % 4 {
        0 => 0x7000_0000_0000_0003,
        _ => u64::MAX,
    };
    super::HASH_MASK.set(mask);
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let mut world = World::new(seed);
        steps.iter().for_each(|step| world.act(*step));
        world.commit();
        world.twin().verify();
        world.twin().verify_disk();
        if !matches!(world.checkpoint, Some(Checkpoint::Cut(..))) || world.complete() {
            world.verify_disk();
        }
    }));
    super::HASH_MASK.set(u64::MAX);
    lived.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    })
}

/// Leaves out as many steps as possible.
fn shrink(seed: u64, mut steps: Vec<Step>) -> Vec<Step> {
    let mut size = steps.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(fewer.len()));
            if live(seed, &fewer).is_err() {
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

#[test]
fn random_lives_agree_with_the_model() {
    assert!(NAMES.len() > DATABASES);
    let (first, lives) = match number("SEED") {
        Some(seed) => (seed, 1),
        None => (number("FIRST").unwrap_or(1), number("LIVES").unwrap_or(600)),
    };
    for seed in first..first + lives {
        let steps = steps(seed, number("STEPS").unwrap_or(400) as usize);
        if let Err(why) = live(seed, &steps) {
            let steps = shrink(seed, steps);
            let listed: String = steps.iter().map(|step| format!("  {step:?}\n")).collect();
            let last = live(seed, &steps).expect_err("a shrunk life still fails");
            panic!("SEED={seed}: {why}\nshrunk to {} steps: {last}\n{listed}", steps.len());
        }
    }
}
