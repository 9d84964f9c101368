//! The batch that is filling: effects in the order in which they were applied, encoded.
//!
//! What belongs together beyond one hold of the engine lock is a *unit*: a transaction or a script that had to wait for
//! the disk. Nothing of an unfinished one is ever handed out. Must never know: what an effect means.

use super::{Effect, VERSION};

/// Effects that were executed and are not committed yet.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// The key that the last [`Effect::Key`] named: database and slot, to leave out repetitions.
    selected: Option<(u32, u32)>,
    /// Where a unit begins that is not finished: from here on nothing is committed yet.
    unit: Option<usize>,
}

impl Batch {
    /// Whether there is nothing that could be committed now.
    pub fn is_empty(&self) -> bool {
        self.unit.unwrap_or(self.bytes.len()) == 0
    }

    /// From here on all effects belong to one unit, which is committed as a whole once it is finished.
    /// (In one that is open already, this begins nothing.)
    pub fn begin_unit(&mut self) {
        if self.unit.is_none() {
            self.selected = None;
            self.unit = Some(self.bytes.len());
        }
    }

    /// Whether the unit has changed anything.
    pub fn unit_has_effects(&self) -> bool {
        self.unit.is_some_and(|begin| begin.max(1) < self.bytes.len())
    }

    /// The unit is finished.
    pub fn end_unit(&mut self) {
        self.unit = None;
    }

    /// Encoded bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Makes `name`, held in `slot` of `db`, the key of the object effects that follow.
    pub fn select(&mut self, db: u32, slot: u32, name: &[u8]) {
        if self.selected != Some((db, slot)) {
            self.push(&Effect::Key { db, name });
            self.selected = Some((db, slot));
        }
    }

    /// Forgets the selected key: its slot may mean another key from now on.
    pub fn deselect(&mut self) {
        self.selected = None;
    }

    /// Appends an effect.
    pub fn push(&mut self, effect: &Effect<'_>) {
        if self.bytes.is_empty() {
            self.bytes.push(VERSION);
        }
        effect.encode(&mut self.bytes);
    }

    /// Takes what can be committed, leaving `spare` (emptied) as the next buffer. What belongs to a unit that is not
    /// finished stays.
    pub fn take(&mut self, mut spare: Vec<u8>) -> Vec<u8> {
        spare.clear();
        match self.unit {
            None => self.selected = None,
            Some(0) => return spare,
            Some(begin) => {
                // It goes on in a batch of its own.
                if self.unit_has_effects() {
                    spare.push(VERSION);
                    spare.extend_from_slice(&self.bytes[begin..]);
                    self.bytes.truncate(begin);
                }
                self.unit = Some(0);
            }
        }
        std::mem::replace(&mut self.bytes, spare)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn an_unfinished_unit_stays_behind() {
        let effects = |bytes: &[u8]| {
            let mut count = 0;
            read(bytes, |_| {
                count += 1;
                Ok(())
            })
            .unwrap();
            count
        };
        let mut batch = Batch::default();
        batch.select(0, 1, b"k");
        batch.push(&Effect::Delete);
        batch.begin_unit();
        assert!(!batch.unit_has_effects());
        batch.select(0, 1, b"k");
        batch.push(&Effect::Delete);
        batch.begin_unit();
        assert!(batch.unit_has_effects() && !batch.is_empty());
        assert_eq!(effects(&batch.take(Vec::new())), 2, "what was before it");
        assert!(batch.is_empty(), "nothing that could be committed");
        assert_eq!(batch.take(Vec::new()), b"");
        batch.push(&Effect::Delete);
        batch.end_unit();
        assert_eq!(effects(&batch.take(Vec::new())), 3, "all of it, with its key");
        batch.begin_unit();
        assert_eq!(batch.take(Vec::new()), b"");
        assert!(!batch.unit_has_effects());
        batch.push(&Effect::Delete);
        assert!(batch.unit_has_effects() && batch.is_empty());
    }
}
