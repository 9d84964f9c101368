//! What may happen next to a broker: to its clients, its threads, its clock, its disk, and the process itself.

use crate::client::Client;
use crate::dice::Dice;
use crate::wish::Wish;
use crate::world::{CLIENTS, Checkpoint, Crash, World};
use brooklet::broker::{settle, work};
use brooklet_storage::backend::memory::LateReclaims;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// A client asks, or goes on with what it asked for.
    Client,
    /// What the committer thread does under `always`.
    Serve,
    Sync,
    /// The journal's next file is made ready.
    Prepare,
    Time,
    /// Time goes back.
    Back,
    /// The three parts of a checkpoint.
    Slice,
    Cut,
    Complete,
    EvictChunks,
    EvictObjects,
    /// Deletes keys that are past their deadline and only on disk.
    Sweep,
    Fill,
    Heal,
    SyncFails,
    /// The power goes after a few more writes, whatever they belong to.
    PowerFails,
    Kill,
    PowerCut,
    /// A client leaves in the middle of whatever it does, and another one comes.
    Leave,
    /// Everything is compared.
    Look,
}

const ACTS: &[(Act, u64)] = &[
    (Act::Client, 300),
    (Act::Serve, 40),
    (Act::Sync, 5),
    (Act::Prepare, 3),
    (Act::Time, 16),
    (Act::Back, 1),
    (Act::Slice, 10),
    (Act::Cut, 4),
    (Act::Complete, 5),
    (Act::EvictChunks, 5),
    (Act::EvictObjects, 8),
    (Act::Sweep, 1),
    (Act::Fill, 1),
    (Act::Heal, 4),
    (Act::SyncFails, 1),
    (Act::PowerFails, 1),
    (Act::Kill, 1),
    (Act::PowerCut, 1),
    (Act::Leave, 2),
    (Act::Look, 4),
];

/// Something that happens, with the chance that decides how.
#[derive(Clone, Copy, Debug)]
pub struct Step(pub Act, Dice);

/// The steps of a life.
pub fn steps(seed: u64, count: usize) -> Vec<Step> {
    let mut dice = Dice(seed);
    (0..count).map(|_| Step(dice.weighted(ACTS), Dice(dice.roll(u64::MAX)))).collect()
}

/// The same as bytes choose: one for the options, then three for each step.
pub fn chosen(bytes: &[u8]) -> (u64, Vec<Step>) {
    let (first, rest) = bytes.split_first().unwrap_or((&0, &[]));
    let step = |&[act, high, low]: &[u8; 3]| {
        let clients = usize::from(act) < 160;
        let act = if clients { Act::Client } else { ACTS[usize::from(act) % ACTS.len()].0 };
        Step(act, Dice(u64::from(high) << 8 | u64::from(low)))
    };
    (u64::from(*first), rest.as_chunks::<3>().0.iter().map(step).collect())
}

impl World {
    pub fn act(&mut self, Step(act, mut dice): Step) {
        let told = self.told();
        self.perform(act, &mut dice);
        self.look_at_syncs(told);
        if self.has_failed() {
            self.note(|_| "commits have failed".to_owned());
            (0..CLIENTS).for_each(|i| self.step_client(i));
            self.crash(Crash::PowerCut(0), &mut dice);
        }
    }

    fn perform(&mut self, act: Act, dice: &mut Dice) {
        if !matches!(act, Act::Client | Act::Serve | Act::Look) {
            self.note(|_| format!("{act:?}"));
        }
        match act {
            Act::Client => self.client(dice),
            Act::Serve if !self.always => {}
            Act::Serve => drop(self.shared.committer().serve_always(self.shared.engine_lock(), Duration::ZERO)),
            Act::Sync => drop(self.shared.committer().sync()),
            Act::Prepare => drop(self.shared.committer().prepare()),
            Act::Time => self.time(dice),
            Act::Back => self.back(dice),
            Act::Slice => self.slice(dice),
            Act::Cut => self.cut(),
            Act::Complete => self.complete(),
            Act::EvictChunks => {
                self.shared.engine().store.evict_chunks(dice.roll(3) as usize * 20_000, 100);
            }
            Act::EvictObjects => {
                let (limit, before_ms) = (1 + dice.roll(10) as usize, self.now() + 1);
                (_, self.hand) = self.shared.engine().store.evict_objects(self.hand, limit, before_ms, usize::MAX);
            }
            Act::Sweep => settle::sweep_cold(&self.shared),
            Act::Leave if self.is_held() => {}
            Act::Leave => self.clients[dice.roll(CLIENTS as u64) as usize] = Client::new(&self.shared),
            Act::Look => self.verify(),
            fault => self.fault(fault, dice),
        }
    }

    fn fault(&mut self, fault: Act, dice: &mut Dice) {
        match fault {
            Act::Fill => {
                self.trouble = true;
                self.faults.full.store(true, Ordering::Relaxed);
                self.faults.short.store(dice.one_in(2), Ordering::Relaxed);
            }
            Act::Heal => {
                let heals = !dice.one_in(4);
                if heals {
                    self.faults.full.store(false, Ordering::Relaxed);
                    self.faults.short.store(false, Ordering::Relaxed);
                }
                let relieved = self.shared.committer().relieve(self.shared.engine_lock(), false).is_ok();
                self.trouble &= !(heals && relieved);
            }
            Act::SyncFails => self.faults.sync_fails.store(true, Ordering::Relaxed),
            Act::PowerFails => self.faults.power.store(dice.roll(12), Ordering::Relaxed),
            Act::Kill => self.crash(Crash::Kill, dice),
            Act::PowerCut => self.crash(Crash::PowerCut(0), dice),
            other => unreachable!("{other:?} is no fault"),
        }
    }

    fn client(&mut self, dice: &mut Dice) {
        if let Some(since) = self.held_since().filter(|_| dice.one_in(2)) {
            self.note(|_| "the worker goes on".to_owned());
            work::drive_step(&self.shared);
            return self.look_at_waits(since);
        }
        let i = dice.roll(CLIENTS as u64) as usize;
        if self.clients[i].is_idle() {
            let now = self.now();
            let op = Wish { dice, state: &self.state, now, next: &mut self.next }.op();
            self.note(|_| format!("client {i} asks {op:?}"));
            self.clients[i].ask(op);
        }
        // A few steps at once are as likely as one: most calls meet nobody.
        for _ in 0..1 + dice.roll(3) {
            if !self.clients[i].is_idle() && !self.clients[i].is_parked() && !self.has_failed() {
                self.step_client(i);
            }
        }
    }

    fn time(&mut self, dice: &mut Dice) {
        let by = match dice.roll(10) {
            0 => 3_600_000,
            1..4 => dice.roll(4000),
            _ => dice.roll(50),
        };
        self.set_time(self.now() + by as i64);
    }

    /// Time goes back, unless a key came to its end meanwhile: that it comes to life again is nothing to rely on.
    fn back(&mut self, dice: &mut Dice) {
        let (now, then) = (self.now(), self.now() - dice.roll(20_000) as i64);
        let ended = |deadline: i64| (then..=now).contains(&deadline);
        let known = self.history.iter().flat_map(|(_, state)| state.locks.values().map(|(_, deadline)| *deadline));
        if !known.chain(self.unseen.iter().copied()).any(ended) {
            self.set_time(then);
        }
    }

    fn set_time(&mut self, ms: i64) {
        self.clock.set_ms(ms);
        let buried = {
            let mut engine = self.shared.engine();
            engine.tick();
            engine.store.take_graveyard()
        };
        drop(buried);
        self.look_at_waits(ms);
    }

    fn slice(&mut self, dice: &mut Dice) {
        let mut gathered = match self.checkpoint.take() {
            Some(Checkpoint::Gathering(gathered)) => gathered,
            None => Default::default(),
            cut => return self.checkpoint = cut,
        };
        let objects = 1 + dice.roll(3) as usize;
        match settle::gather_slice(&self.shared, &self.settler, &mut gathered, objects) {
            Ok(_) => self.checkpoint = Some(Checkpoint::Gathering(gathered)),
            Err(error) => drop(self.shared.committer().fail(&error)),
        }
    }

    /// Would wait for who holds the engine, and for room on the disk.
    fn cut(&mut self) {
        if self.is_held() || self.trouble {
            return;
        }
        let mut gathered = match self.checkpoint.take() {
            Some(Checkpoint::Gathering(gathered)) => gathered,
            None => Default::default(),
            cut => return self.checkpoint = cut,
        };
        if let Ok(meta) = settle::cut(&self.shared, &self.settler, &mut gathered) {
            self.checkpoint = Some(Checkpoint::Cut(gathered, meta));
        }
    }

    fn complete(&mut self) {
        match self.checkpoint.take() {
            Some(Checkpoint::Cut(gathered, meta)) => {
                let _ = settle::complete(&self.shared, &mut self.settler, None, gathered, &meta, None);
            }
            other => self.checkpoint = other,
        }
    }

    /// Ends the process; how much more reached the disk than had to is chance.
    fn crash(&mut self, crash: Crash, dice: &mut Dice) {
        let crash = match crash {
            Crash::PowerCut(_) => Crash::PowerCut(dice.roll(4) * dice.roll(4)),
            kill => kill,
        };
        let late = if dice.one_in(2) { LateReclaims::Undone } else { LateReclaims::Done };
        self.restart(crash, dice.roll(20) as usize, late);
    }
}
