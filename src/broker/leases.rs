//! Leases and time: which of them belong to which connection, what becomes of them when it goes, and that a clock that is
//! set neither prolongs nor shortens them.
//!
//! What a lease is stands in the store (`storage/src/store/leases.rs`); whose connection it belongs to is known only here, and not
//! kept: after a restart nobody is there. Must never know: verbs.

use super::Engine;
use super::client::ClientId;
use std::collections::{HashMap, HashSet};

/// Which leases belong to which clients.
#[derive(Debug, Default)]
pub struct Bindings {
    owners: HashMap<u64, ClientId>,
    tokens: HashMap<ClientId, HashSet<u64>>,
    /// Leases whose client is gone, for which nothing has been done yet.
    loose: Vec<u64>,
    /// By how much the clock was set, for which nothing has been done yet.
    jump_ms: i64,
}

/// From so many leases of a client on, those that are gone are forgotten from time to time.
const SWEPT_FROM: usize = 64;

impl Engine {
    /// The lease with this token belongs to a client from now on, and to nobody else.
    pub fn bind_lease(&mut self, token: u64, client: ClientId) {
        self.unbind_lease(token);
        let store = &self.store;
        let tokens = self.bindings.tokens.entry(client).or_default();
        if tokens.len() >= SWEPT_FROM && tokens.len().is_power_of_two() {
            let owners = &mut self.bindings.owners;
            tokens.retain(|token| store.leased(*token).is_some() || owners.remove(token).is_none());
        }
        tokens.insert(token);
        self.bindings.owners.insert(token, client);
    }

    /// The lease with this token belongs to nobody.
    pub fn unbind_lease(&mut self, token: u64) {
        let Some(owner) = self.bindings.owners.remove(&token) else { return };
        if let Some(tokens) = self.bindings.tokens.get_mut(&owner) {
            tokens.remove(&token);
            if tokens.is_empty() {
                self.bindings.tokens.remove(&owner);
            }
        }
    }

    /// A client is going: its leases end soon.
    pub(super) fn let_go(&mut self, client: ClientId) {
        let Some(tokens) = self.bindings.tokens.remove(&client) else { return };
        for token in &tokens {
            self.bindings.owners.remove(token);
        }
        self.bindings.loose.extend(tokens);
        self.catch_up();
    }

    /// The same for one that has gone, whose leases others may have at once.
    pub(super) fn leave_leases(&mut self, client: ClientId) {
        if self.bindings.tokens.contains_key(&client) {
            let now_ms = self.clock.now_ms();
            if !self.is_held() {
                self.store.now_ms = now_ms;
            }
            self.let_go(client);
            self.serve_signals(now_ms);
        }
    }

    /// Nobody is connected yet: what belonged to a connection of the last run has lost it.
    pub(super) fn begin_leases(&mut self) {
        self.bindings.loose = self.store.bound_leases();
        self.catch_up();
    }

    /// The clock was set.
    pub(super) fn note_jump(&mut self, jump_ms: i64) {
        self.bindings.jump_ms = self.bindings.jump_ms.saturating_add(jump_ms);
        self.catch_up();
    }

    /// Does what is to be done for leases, unless unfinished work holds the engine.
    pub(super) fn catch_up(&mut self) {
        if (self.bindings.jump_ms, self.bindings.loose.len()) == (0, 0) || self.is_held() {
            return;
        }
        let jump_ms = std::mem::take(&mut self.bindings.jump_ms);
        if jump_ms != 0 {
            self.store.shift_tokens(jump_ms);
        }
        for token in std::mem::take(&mut self.bindings.loose) {
            self.end_soon(token);
        }
    }

    fn end_soon(&mut self, token: u64) {
        let Some(key) = self.store.leased(token) else { return };
        let Some(grace_ms) = self.store.lease(key).and_then(|lease| lease.grace_ms) else { return };
        let end_ms = (self.clock.now_ms().max(0) as u64).saturating_add(grace_ms);
        if self.store.deadline(key).is_none_or(|at_ms| at_ms > end_ms) {
            self.store.set_deadline(key, Some(end_ms));
        }
    }

    /// Before a call: leases whose time is over go to those who wait for them, and not to whoever happens to call now.
    #[inline]
    pub(super) fn keep_leases(&mut self, now_us: u64) {
        let now_ms = self.store.now_ms;
        if self.waits.has_jumped(now_ms - (now_us / 1000) as i64) && !self.is_held() {
            self.follow_clock();
        }
        if self.waits.queues.next_look().is_some_and(|at| at <= now_ms) && !self.is_held() {
            self.hand_over(now_ms);
            self.serve_signals(now_ms);
        }
    }

    /// Runs the first call of each queue that looks again by now.
    pub(super) fn hand_over(&mut self, now_ms: i64) {
        for (db, name) in self.waits.queues.due(now_ms) {
            self.serve_queue(db, &name, now_ms);
        }
    }

    /// How many calls wait for leases.
    pub fn lease_waiters(&self) -> usize {
        self.waits.queues.total()
    }

    /// How many leases belong to a client that is here.
    pub fn owned_leases(&self) -> usize {
        self.bindings.owners.len()
    }
}
