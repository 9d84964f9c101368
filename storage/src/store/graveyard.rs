//! What was dropped but would take long to free: it is freed by a thread that does not hold the engine lock.

use super::Store;
use crate::keyspace::Database;
use crate::keyspace::object::Object;

/// Objects of so many bytes take long enough to free.
const LARGE: usize = 256 << 10;
/// Bytes that may wait for the thread that frees them; what comes then is freed at once.
const WAITING: usize = 64 << 20;

/// Dropped objects and databases. Dropping it frees them.
#[derive(Debug, Default)]
pub struct Graveyard {
    databases: Vec<Database>,
    objects: Vec<Object>,
    bytes: usize,
}

impl Store {
    /// How many dropped things wait to be freed.
    pub fn buried(&self) -> usize {
        self.graveyard.databases.len() + self.graveyard.objects.len()
    }

    /// What waits to be freed; to be dropped without the lock.
    pub fn take_graveyard(&mut self) -> Graveyard {
        std::mem::take(&mut self.graveyard)
    }

    /// Drops an object, at once or later.
    pub(crate) fn bury(&mut self, object: Object) {
        let bytes = object.memory();
        if bytes >= LARGE && self.may_bury() {
            self.graveyard.bytes += bytes;
            self.graveyard.objects.push(object);
        }
    }

    /// Drops a database, at once or later.
    pub(super) fn bury_database(&mut self, database: Database) {
        if !database.is_empty() && self.may_bury() {
            self.graveyard.databases.push(database);
        }
    }

    /// At replay nobody would come to free it, and nobody waits for the lock.
    fn may_bury(&self) -> bool {
        (self.recording || self.volatile) && self.graveyard.bytes < WAITING
    }
}
