//! Journals without a disk: one that remembers, for tests and simulations, and one that only counts.
//!
//! Owns: the same promises as the file journal, kept in memory. Must never know: files.
//! Read next: `mod.rs` (the contract), `file.rs` (the real one).

use super::record::chained;
use super::replay::Visit;
use super::{CommitNo, Journal, Mark, Released, Syncer};
use crate::error::{Result, StorageError};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// A journal in memory. A clone is the same journal: keep one, drop the store, and open the next store with the clone.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    shared: Arc<Mutex<Records>>,
}

#[derive(Debug, Default)]
struct Records {
    kept: VecDeque<(Mark, Vec<u8>)>,
    /// The mark before the first kept record.
    before: Mark,
    durable: Mark,
    bytes: u64,
}

impl Records {
    fn mark(&self) -> Mark {
        self.kept.back().map_or(self.before, |&(mark, _)| mark)
    }

    fn forget_all(&mut self, before: Mark) {
        *self = Records { before, durable: before, ..Records::default() };
    }

    fn pop_front(&mut self) {
        if let Some((mark, payload)) = self.kept.pop_front() {
            self.before = mark;
            self.bytes -= payload.len() as u64;
        }
    }
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> MemoryJournal {
        MemoryJournal::default()
    }

    /// What a power cut does: forgets every record that no sync has covered. Returns what is left.
    pub fn lose_unsynced(&self) -> Mark {
        self.lose_unsynced_but(0)
    }

    /// [`MemoryJournal::lose_unsynced`], but the first `lucky` of those records had reached the disk by themselves.
    pub fn lose_unsynced_but(&self, lucky: u64) -> Mark {
        let mut records = self.shared.lock();
        let kept = records.durable.commit.saturating_add(lucky);
        while records.kept.back().is_some_and(|(mark, _)| mark.commit > kept) {
            if let Some((_, payload)) = records.kept.pop_back() {
                records.bytes -= payload.len() as u64;
            }
        }
        records.mark()
    }

    /// How many records are kept.
    pub fn len(&self) -> usize {
        self.shared.lock().kept.len()
    }

    /// Whether no record is kept.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Journal for MemoryJournal {
    fn replay(&mut self, applied: Mark, visit: &mut Visit<'_>) -> Result<Mark> {
        // Visiting runs code of the caller, which may hold another clone: never under the lock.
        let (wanted, mark) = {
            let mut records = self.shared.lock();
            if records.before.commit > applied.commit {
                let durable = records.before.commit;
                return Err(StorageError::loss(durable, applied.commit));
            }
            let known = std::iter::once(records.before).chain(records.kept.iter().map(|&(mark, _)| mark));
            if known.into_iter().any(|mark| mark.commit == applied.commit && mark.chain != applied.chain) {
                return Err(StorageError::corrupt("journal", format!("another chain at commit {}", applied.commit)));
            }
            if records.mark().commit < applied.commit {
                records.forget_all(applied);
            }
            let wanted = records.kept.iter().filter(|(mark, _)| mark.commit > applied.commit);
            (wanted.cloned().collect::<Vec<_>>(), records.mark())
        };
        wanted.iter().try_for_each(|(mark, payload)| visit(mark.commit, payload))?;
        Ok(mark)
    }

    fn append(&mut self, payload: &[u8]) -> Result<Mark> {
        let mut records = self.shared.lock();
        let mark = chained(records.mark(), payload);
        records.kept.push_back((mark, payload.to_vec()));
        records.bytes += payload.len() as u64;
        Ok(mark)
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        Arc::new(self.clone())
    }

    fn release_through(&mut self, commit: CommitNo) -> Released {
        let mut records = self.shared.lock();
        while records.kept.front().is_some_and(|(mark, _)| mark.commit <= commit) {
            records.pop_front();
        }
        if records.durable.commit < records.before.commit {
            records.durable = records.before;
        }
        Released::default()
    }

    fn live_bytes(&self) -> u64 {
        self.shared.lock().bytes
    }
}

impl Syncer for MemoryJournal {
    fn sync(&self) -> Result<Mark> {
        let mut records = self.shared.lock();
        records.durable = records.mark();
        Ok(records.durable)
    }
}

/// The journal of a broker that promises nothing: counts commits and keeps nothing.
#[derive(Clone, Debug, Default)]
pub struct NoJournal {
    mark: Arc<Mutex<Mark>>,
}

impl NoJournal {
    /// A journal that stands at the start.
    pub fn new() -> NoJournal {
        NoJournal::default()
    }
}

impl Journal for NoJournal {
    fn replay(&mut self, applied: Mark, _visit: &mut Visit<'_>) -> Result<Mark> {
        *self.mark.lock() = applied;
        Ok(applied)
    }

    fn append(&mut self, _payload: &[u8]) -> Result<Mark> {
        let mut mark = self.mark.lock();
        mark.commit += 1;
        Ok(*mark)
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        Arc::new(self.clone())
    }

    fn release_through(&mut self, _commit: CommitNo) -> Released {
        Released::default()
    }

    fn live_bytes(&self) -> u64 {
        0
    }
}

impl Syncer for NoJournal {
    fn sync(&self) -> Result<Mark> {
        Ok(*self.mark.lock())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replayed(journal: &MemoryJournal, applied: Mark) -> Result<Vec<u8>> {
        let mut seen = Vec::new();
        journal.clone().replay(applied, &mut |_, payload| {
            seen.push(payload[0]);
            Ok(())
        })?;
        Ok(seen)
    }

    #[test]
    fn a_clone_sees_the_records_and_a_power_cut_takes_the_unsynced() {
        let mut journal = MemoryJournal::new();
        let kept = journal.clone();
        journal.append(&[1]).unwrap();
        let two = journal.append(&[2]).unwrap();
        assert_eq!(journal.syncer().sync().unwrap(), two);
        journal.append(&[3]).unwrap();
        drop(journal);
        assert_eq!(replayed(&kept, Mark::default()).unwrap(), [1, 2, 3]);
        assert_eq!(kept.lose_unsynced(), two);
        assert_eq!(replayed(&kept, Mark::default()).unwrap(), [1, 2]);
        assert!(replayed(&kept, two).unwrap().is_empty());
        assert_eq!((kept.len(), kept.live_bytes()), (2, 2));
    }

    #[test]
    fn a_gap_and_another_past_are_refused() {
        let mut journal = MemoryJournal::new();
        let marks: Vec<_> = (1..=4).map(|n| journal.append(&[n]).unwrap()).collect();
        journal.drop_through(2).unwrap();
        assert_eq!(replayed(&journal, marks[1]).unwrap(), [3, 4]);
        assert!(matches!(replayed(&journal, marks[0]), Err(StorageError::DataLoss { durable: 2, recovered: 1, .. })));
        let other = Mark { commit: 3, chain: 1 };
        assert!(matches!(replayed(&journal, other), Err(StorageError::Corrupt { .. })));
        assert_eq!(journal.lose_unsynced(), marks[1]);
    }

    #[test]
    fn a_store_ahead_of_its_journal_goes_on_from_the_store() {
        let mut journal = MemoryJournal::new();
        journal.append(&[1]).unwrap();
        let ahead = Mark { commit: 9, chain: 77 };
        assert_eq!(journal.replay(ahead, &mut |_, _| Ok(())).unwrap(), ahead);
        assert_eq!(journal.append(&[2]).unwrap(), chained(ahead, &[2]));
    }

    #[test]
    fn no_journal_only_counts() {
        let mut journal = NoJournal::new();
        journal.replay(Mark { commit: 5, chain: 1 }, &mut |_, _| Ok(())).unwrap();
        assert_eq!(journal.append(b"x").unwrap().commit, 6);
        assert_eq!(journal.syncer().sync().unwrap().commit, 6);
        journal.drop_through(6).unwrap();
        assert_eq!(journal.live_bytes(), 0);
    }
}
