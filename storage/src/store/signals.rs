//! Signals: "look again" for those who wait for a key. Must never know: who waits.

use super::{Key, Store};

/// A key whose waiters have to look again: something arrived, or the key or one of its groups is gone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Database of the key.
    pub db: u32,
    /// Name of the key.
    pub name: Box<[u8]>,
}

impl Store {
    /// Wakes who waits for `name`.
    pub fn signal(&mut self, db: u32, name: &[u8]) {
        if let Some(signals) = &mut self.signals {
            signals.push(Signal { db, name: name.into() });
        }
    }

    /// Wakes who waits for `key`.
    pub fn signal_key(&mut self, key: Key) {
        if self.signals.is_some() {
            let name = self.object(key).name.clone();
            self.signal(key.db, &name);
        }
    }
}
