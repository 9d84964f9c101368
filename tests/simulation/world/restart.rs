//! The end of a process, and what the next one finds: one of the states that there were, and not one that is too old.

use super::{CLIENTS, Crash, World, start};
use crate::client::Client;
use crate::disk::{Faults, FaultyBackend};
use crate::model::State;
use brooklet_storage::backend::memory::LateReclaims;
use std::sync::Arc;
use std::sync::atomic::Ordering;

impl World {
    /// The process ends, as it is, and another one starts over what is left.
    pub fn restart(&mut self, crash: Crash, batches: usize, late: LateReclaims) {
        let (ran, told, synced, kept) = (self.ran, self.told, self.synced, self.kept);
        self.note(|_| format!("{crash:?}: ran {ran}, told {told}, synced {synced}, kept {kept}"));
        let least = match crash {
            Crash::Kill => told.max(kept),
            Crash::PowerCut(_) if self.always => told,
            Crash::PowerCut(_) => synced,
        };
        if let Crash::PowerCut(lucky) = crash {
            self.disk.lose_power(lucky);
        }
        let records = self.backend.after_crash(batches, late);
        self.faults = Arc::new(Faults::default());
        self.backend = Arc::new(FaultyBackend { inner: records, faults: Arc::clone(&self.faults) });
        (self.checkpoint, self.trouble, self.syncs, self.hand) = (None, false, 0, (0, 0));
        let (shared, settler) = start(&self.config, &self.clock, &self.backend, &self.disk, &self.faults);
        (self.shared, self.settler) = (shared, settler);
        self.clients = (0..CLIENTS).map(|_| Client::new(&self.shared)).collect();
        self.observer = Client::new(&self.shared);
        self.find_in_history(least);
    }

    /// Which of the states that may be there is.
    fn find_in_history(&mut self, least: u64) {
        let now = self.now();
        let view = self.view().expect("a broker that has just started");
        let fits = |state: &State| {
            let mut state = state.clone();
            view.iter().all(|(op, seen)| *seen == state.apply(op, now, seen))
        };
        while let Some((number, state)) = self.history.pop_back() {
            // The state after the last operation that changed something: those behind it were looks.
            let until = self.ran;
            if fits(&state) {
                assert!(until >= least, "operation {least} must not be lost, found is the state after {number}");
                self.ran = until;
                let others = self.history.iter().filter(|(_, other)| fits(other));
                let past = others.flat_map(|(_, other)| other.locks.values().map(|(_, deadline)| *deadline));
                self.unseen.extend(past.filter(|deadline| *deadline <= now));
                self.state = state.clone();
                self.history.push_back((number, state));
                // What a start finds it syncs before anybody sees it.
                (self.told, self.synced, self.kept) = (self.told.min(until), until, until);
                self.syncs = self.faults.synced.load(Ordering::Relaxed);
                self.note(|_| format!("found is the state after {number}"));
                return;
            }
            self.ran = number - u64::from(number > 0);
        }
        let latest = &self.state;
        let differing: Vec<String> = view
            .iter()
            .map(|(op, seen)| (op, seen, latest.clone().apply(op, now, seen)))
            .filter(|(_, seen, expected)| *seen != expected)
            .map(|(op, seen, expected)| format!("{op:?}:\n  found    {seen:?}\n  executed {expected:?}"))
            .collect();
        panic!("a restart found a state that never was:\n{}", differing.join("\n"));
    }
}
