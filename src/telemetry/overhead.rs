//! What memory is used for besides data, as INFO and MEMORY STATS tell it. Must never know: how either looks.

use super::scripts::ScriptFigures;
use crate::broker::Engine;
use crate::broker::client::Client;

/// Bytes by what they are for.
#[derive(Debug, Default)]
pub struct Overhead {
    /// Connections, with what they have not read yet.
    pub clients: u64,
    /// What is executed but not committed yet.
    pub journal: u64,
    /// The tables of all names.
    pub names: u64,
    /// Scripts and libraries, and their machines.
    pub scripts: u64,
}

impl Overhead {
    /// Looks.
    pub fn of(engine: &Engine) -> Overhead {
        let names = |db| engine.store.database(db).names_memory() as u64;
        let scripts = ScriptFigures::of(engine);
        Overhead {
            clients: engine.clients.iter().map(Client::memory).sum::<usize>() as u64,
            journal: engine.store.uncommitted_bytes() as u64,
            names: (0..engine.store.databases()).map(names).sum(),
            scripts: scripts.vm_eval + scripts.vm_functions + scripts.texts + scripts.library_texts,
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.clients + self.journal + self.names + self.scripts
    }
}
