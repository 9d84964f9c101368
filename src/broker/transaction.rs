//! What a client has queued since MULTI. Must never know: verbs; who may queue what is `command/transaction/`.

use super::Engine;
use super::client::ClientId;
use crate::command::args::{Args, OwnedArgs};
use crate::command::spec::{Flag, Spec};
use std::sync::Arc;

/// A call that waits for EXEC.
#[derive(Clone, Debug)]
pub struct Queued {
    /// Its verb.
    pub spec: &'static Spec,
    /// Its arguments.
    pub call: OwnedArgs,
}

/// The state of a client between MULTI and EXEC.
#[derive(Debug, Default)]
pub struct Transaction {
    calls: Arc<Vec<Queued>>,
    /// Memory that the queue takes, about.
    pub bytes: usize,
    /// A call was refused: EXEC will run none.
    pub spoilt: bool,
    /// A queued call changes keys.
    pub writes: bool,
    /// A queued call may change keys: a script.
    pub may_write: bool,
    /// A queued call is refused when memory is short.
    pub wants_memory: bool,
    /// In a cluster: the slot of its keys.
    pub slot: Option<u16>,
    /// In a cluster: its keys are in several slots.
    pub crossed: bool,
    /// How often EXEC had to have something loaded.
    pub loads: u32,
}

/// What a queued call costs beyond the bytes of its arguments, about.
const CALL_BYTES: usize = 64;
/// What an argument costs beyond its bytes.
const ARG_BYTES: usize = 8;

/// The memory that a call takes in the queue, about.
pub fn queued_bytes(args: Args<'_>) -> usize {
    CALL_BYTES + args.iter().map(|arg| arg.len() + ARG_BYTES).sum::<usize>()
}

impl Transaction {
    /// Adds a call.
    pub fn push(&mut self, spec: &'static Spec, args: Args<'_>) {
        self.bytes += queued_bytes(args);
        self.writes |= spec.kind.writes();
        self.may_write |= spec.kind.may_write();
        self.wants_memory |= spec.has(Flag::Denyoom);
        Arc::make_mut(&mut self.calls).push(Queued { spec, call: OwnedArgs::copy_of(args) });
    }

    /// Notes the slot of the keys of a queued call.
    pub fn note_slot(&mut self, slot: u16) {
        self.crossed |= *self.slot.get_or_insert(slot) != slot;
    }

    /// The queued calls.
    pub fn calls(&self) -> &Arc<Vec<Queued>> {
        &self.calls
    }
}

impl Engine {
    /// Forgets a client's queue and watches.
    pub fn discard(&mut self, client: ClientId) {
        if let Some(c) = self.clients.get_mut(client) {
            c.transaction = None;
        }
        self.unwatch(client);
    }
}
