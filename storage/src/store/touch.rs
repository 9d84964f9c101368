//! What a change means to somebody who watches a key: touched, or not.
//!
//! The one surprising rule: what happens in a stream's groups, and moving its last id, touches nothing; so it is in the
//! reference. Must never know: who watches.

use super::{Key, Store};
use crate::batch::Effect;
use crate::keyspace::Found;

/// Something that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touch {
    /// A key came, went, or holds something else now.
    Key {
        /// Its database.
        db: u32,
        /// Its name.
        name: Box<[u8]>,
        /// It went because its time was over, whoever's call found that out.
        is_over: bool,
    },
    /// Somebody wanted databases to be empty, whether there was anything in them or not.
    Emptied,
    /// All keys of a database went.
    Flushed {
        /// The database.
        db: u32,
    },
    /// Two databases were exchanged.
    Swapped {
        /// One of them.
        a: u32,
        /// The other.
        b: u32,
    },
}

/// Whether an effect inside a stream changes what a reader of its entries finds.
pub(super) fn changes_entries(effect: &Effect<'_>) -> bool {
    matches!(effect, Effect::Append { .. } | Effect::Trim { .. } | Effect::DeleteEntry { .. })
}

impl Store {
    /// Notes that `name` was changed, or was written without changing.
    #[inline]
    pub fn touch(&mut self, db: u32, name: &[u8]) {
        if let Some(touched) = &mut self.touched {
            touched.push(Touch::Key { db, name: name.into(), is_over: false });
        }
    }

    /// Notes that a key goes because its time is over.
    pub(super) fn touch_over(&mut self, key: Key) {
        if self.touched.is_some() {
            let name = self.object(key).name.clone();
            self.touched.get_or_insert_default().push(Touch::Key { db: key.db, name, is_over: true });
        }
    }

    /// [`Store::touch`] for a key that is there.
    #[inline]
    pub fn touch_key(&mut self, key: Key) {
        if self.touched.is_some() {
            let name = self.object(key).name.clone();
            self.touch(key.db, &name);
        }
    }

    /// Notes that somebody wanted databases to be empty.
    pub fn touch_all(&mut self) {
        self.touch_database(Touch::Emptied);
    }

    pub(super) fn touch_database(&mut self, touch: Touch) {
        if let Some(touched) = &mut self.touched {
            touched.push(touch);
        }
    }

    /// Whether there is a key of this name whose deadline is not over, as far as memory knows: of a key that is only on
    /// disk that is its hash, so another name with that hash counts, too.
    pub fn seems_to_exist(&self, db: u32, name: &[u8]) -> bool {
        match self.database(db).find(self.hash(name), name) {
            Found::Slot(slot) => self.database(db).object(slot).is_some_and(|o| !o.is_over(self.now_ms)),
            Found::Cold => true,
            Found::Absent => false,
        }
    }

    /// When a key that is in memory vanishes, Unix milliseconds.
    pub fn deadline(&self, key: Key) -> Option<u64> {
        self.object(key).deadline_ms
    }
}
