//! Parked calls: how the engine parks them, runs them again, and ends them.
//!
//! All of it happens under one hold of the engine lock together with what caused it, so no wake-up is lost. Must never
//! know: which verbs block. Read next: `wait.rs` (the queues), `timer.rs` (who calls [`Engine::tick`]).

use super::client::ClientId;
use super::wait::{Park, Place, Wait, Waits, Wake};
use super::{Engine, Executed};
use crate::command::args::{Args, OwnedArgs};
use crate::command::error::{self, Refusal};
use crate::command::permission;
use crate::command::spec::Spec;
use crate::reply::Reply;
use brooklet_storage::load::Loaded;
use std::collections::HashSet;
use std::time::Duration;
use tokio::sync::oneshot;

/// Keys that one tick deletes at most, and fields: 1000 of them take about a millisecond.
const SWEEP_LIMIT: usize = 1000;
/// After so long it goes on, if there were more.
const SWEEP_PAUSE: Duration = Duration::from_millis(5);

impl Engine {
    /// Begins a turn of calls, which all happen at one time; returns the monotonic microseconds.
    pub(crate) fn begin_turn(&mut self) -> u64 {
        self.store.now_ms = self.clock.now_ms();
        let now_us = self.clock.monotonic_us();
        self.keep_leases(now_us);
        now_us
    }

    pub(super) fn park(
        &mut self,
        client: ClientId,
        db: u32,
        spec: &'static Spec,
        args: Args<'_>,
        park: Park,
        now_ms: i64,
    ) -> Executed {
        self.follow_clock();
        let (tx, rx) = oneshot::channel();
        let call = park.rewritten.unwrap_or_else(|| OwnedArgs::copy_of(args));
        let deadline_ms =
            (park.timeout_ms > 0).then(|| now_ms.saturating_add(i64::try_from(park.timeout_ms).unwrap_or(i64::MAX)));
        let wait = Wait {
            client,
            db,
            spec,
            call,
            keys: park.keys,
            deadline_ms,
            look_again_ms: park.look_again_ms,
            queue: park.queue,
            empty: park.empty,
            wake: tx,
        };
        self.park_wait(wait, None);
        Executed::Parked(rx)
    }

    /// Before each new deadline and each look at old ones: all of them are of the same clock.
    pub(super) fn follow_clock(&mut self) {
        let Some(lead_ms) = self.clock.lead_ms() else { return };
        let jump_ms = self.waits.follow(lead_ms);
        if let Some(pause) = &mut self.pause {
            pause.until_ms = pause.until_ms.saturating_add(jump_ms);
        }
        self.note_jump(jump_ms);
    }

    fn park_wait(&mut self, wait: Wait, place: Option<Place>) {
        let due_ms = wait.deadline_ms.into_iter().chain(wait.look_again_ms).min();
        self.waits.park(wait, place);
        self.store.signals.get_or_insert_default();
        if let Some(due_ms) = due_ms.filter(|due| *due < self.next_tick_ms) {
            self.next_tick_ms = due_ms;
            self.tasks.rearm_timer();
        }
    }

    /// Runs the calls that wait for keys which changed, in order of arrival for each key, until nothing changes.
    pub(crate) fn serve_signals(&mut self, now_ms: i64) {
        if self.is_held() {
            return;
        }
        self.note_changes();
        while let Some(signals) = self.store.signals.as_mut().filter(|s| !s.is_empty()).map(std::mem::take) {
            let mut seen = HashSet::new();
            for signal in signals {
                if !seen.insert(signal.clone()) {
                    continue;
                }
                for place in self.waits.waiting_for(signal.db, &signal.name) {
                    self.run_again(place, now_ms);
                }
                self.serve_queue(signal.db, &signal.name, now_ms);
            }
        }
        if self.waits.is_empty() {
            self.store.signals = None;
        }
    }

    /// Serves those who wait in the queue of a key, one after the other, until one has to wait on.
    pub(super) fn serve_queue(&mut self, db: u32, name: &[u8], now_ms: i64) {
        for place in self.waits.queues.take_roused(db, name) {
            self.run_again(place, now_ms);
        }
        while let Some(place) = self.waits.queues.first(db, name) {
            self.run_again(place, now_ms);
            if self.waits.get(place).is_some() {
                return;
            }
        }
    }

    /// Ends a wait as its time does. What one in a queue is told then is what is so now.
    fn end_wait(&mut self, place: Place, now_ms: i64) -> bool {
        if self.waits.get(place).is_some_and(|wait| wait.queue.is_some()) {
            self.run_again(place, now_ms);
        }
        let Some(wait) = self.waits.take(place) else { return false };
        let empty = wait.empty.clone();
        self.answer(wait, empty);
        true
    }

    /// Runs a parked call again: it is answered, or parks again in its old place.
    fn run_again(&mut self, place: Place, now_ms: i64) {
        let Some(mut wait) = self.waits.take(place) else { return };
        self.waits.woken = Some(place);
        let caller = self.actor.replace(wait.client);
        // Rules may have changed while it waited.
        let outcome = permission::check(self, wait.client, wait.spec, wait.call.as_args())
            .and_then(|()| self.run(wait.client, wait.db, wait.spec, wait.call.as_args(), now_ms));
        self.waits.woken = None;
        self.note_changes();
        self.actor = caller;
        match outcome {
            Ok(reply) => self.answer(wait, reply),
            Err(Refusal::Wire(line)) => self.answer(wait, Reply::Error(line)),
            Err(Refusal::Park(park)) => {
                wait.look_again_ms = park.look_again_ms;
                wait.empty = park.empty;
                self.park_wait(wait, Some(place));
            }
            // No verb that waits has errands, or steps.
            Err(Refusal::Errand(_) | Refusal::Unfinished(_)) => {}
            Err(Refusal::Missing(missing)) => {
                // The session loads it and then comes back with `resume`; until then it keeps its place.
                let (tx, rx) = oneshot::channel();
                let load = std::mem::replace(&mut wait.wake, tx);
                if wait.queue.is_some() {
                    wait.look_again_ms = None;
                }
                self.park_wait(wait, Some(place));
                let _ = load.send(Wake::Load(missing, rx));
            }
        }
    }

    fn answer(&mut self, wait: Wait, reply: Reply) {
        if let Reply::Error(line) = &reply {
            self.stats.count_error(line);
        }
        let ticket = self.ticket();
        let _ = wait.wake.send(Wake::Answer(reply, ticket));
    }

    /// Continues a parked call whose load is done.
    pub(crate) fn resume(&mut self, client: ClientId, loaded: Loaded) {
        self.install(client, loaded);
        if !self.resume_after_hold(client) {
            self.run_again_for(client);
        }
    }

    /// Runs the parked call of a client again.
    pub(super) fn run_again_for(&mut self, client: ClientId) {
        let now_ms = self.store.now_ms;
        let Some(place) = self.waits.place_of(client) else { return };
        let queued = self.waits.get(place).filter(|wait| wait.queue.is_some()).map(|w| (w.db, w.keys.clone()));
        self.run_again(place, now_ms);
        if let Some((db, keys)) = queued {
            keys.iter().for_each(|name| self.serve_queue(db, name, now_ms));
        }
        self.serve_signals(now_ms);
    }

    /// Ends a wait as its timeout would, or with an error; whether the client waited.
    pub fn unblock(&mut self, client: ClientId, with_error: bool) -> bool {
        let Some(place) = self.waits.place_of(client) else { return false };
        match error::connection::UNBLOCKED {
            Refusal::Wire(line) if with_error => {
                if let Some(wait) = self.waits.take(place) {
                    self.answer(wait, Reply::Error(line));
                }
                true
            }
            _ => self.end_wait(place, self.store.now_ms),
        }
    }

    /// How long the timer may sleep before the next tick, at most `longest`. A nearer deadline rearms it.
    pub(crate) fn plan_tick(&mut self, longest: Duration) -> Duration {
        let now_ms = self.clock.now_ms();
        let longest = if self.sweep_goes_on { SWEEP_PAUSE } else { longest };
        let latest_ms = now_ms + longest.as_millis() as i64;
        self.next_tick_ms = self.waits.next_timer().map_or(latest_ms, |at| at.min(latest_ms));
        Duration::from_millis(self.next_tick_ms.saturating_sub(now_ms).max(1) as u64)
    }

    /// Does what is due: waits that are over, calls that must look again, keys past their deadline.
    pub fn tick(&mut self) {
        if self.is_held() {
            return;
        }
        self.follow_clock();
        let now_ms = self.clock.now_ms();
        self.store.now_ms = now_ms;
        self.catch_up();
        self.hand_over(now_ms);
        for place in self.waits.due(now_ms) {
            let over = |w: &Wait| w.deadline_ms.is_some_and(|d| d <= now_ms);
            if !self.waits.get(place).is_some_and(over) {
                self.run_again(place, now_ms);
            } else {
                self.end_wait(place, now_ms);
            }
        }
        self.sweep_goes_on = self.stats.active_expire && self.store.sweep_expired(now_ms, SWEEP_LIMIT) >= SWEEP_LIMIT;
        self.serve_signals(now_ms);
        self.look_at_slow();
    }

    /// A clock that stands still by itself was moved: does all that is due now.
    pub(crate) fn time_was_moved(&mut self) {
        self.tick();
        while self.sweep_goes_on && !self.is_held() {
            self.tick();
        }
    }

    /// Ends all waits without an answer: the broker ends.
    pub(crate) fn end_waits(&mut self) {
        self.waits = Waits::default();
    }

    /// Takes a client's parked call out, unanswered.
    pub(crate) fn cancel_wait(&mut self, client: ClientId) {
        if let Some(place) = self.waits.place_of(client) {
            self.waits.take(place);
        }
    }
}
