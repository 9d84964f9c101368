//! How many bytes of the journal are still needed.
//!
//! Owns: the count behind [`super::Journal::live_bytes`]. Must never know: files.
//! Read next: `file.rs` (who counts).

use super::CommitNo;
use std::collections::VecDeque;

/// One remembered point per so many bytes: dropping is exact to this, or exact when everything is dropped.
const STEP_BYTES: u64 = 64 * 1024;

/// Bytes appended after the last dropped commit.
#[derive(Debug, Default)]
pub(super) struct LiveBytes {
    total: u64,
    floor: u64,
    /// (commit, total including it), ascending.
    points: VecDeque<(CommitNo, u64)>,
    last: CommitNo,
}

impl LiveBytes {
    /// Counts a record.
    pub fn add(&mut self, commit: CommitNo, bytes: u64) {
        self.total += bytes;
        self.last = commit;
        let known = self.points.back().map_or(self.floor, |&(_, total)| total);
        if self.total - known >= STEP_BYTES {
            self.points.push_back((commit, self.total));
        }
    }

    /// Forgets records up to and including `commit`.
    pub fn drop_through(&mut self, commit: CommitNo) {
        while let Some(&(point, total)) = self.points.front()
            && point <= commit
        {
            self.floor = total;
            self.points.pop_front();
        }
        if commit >= self.last {
            self.floor = self.total;
        }
    }

    /// Bytes of records not yet dropped; up to one step more than exact.
    pub fn get(&self) -> u64 {
        self.total - self.floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drop_is_exact_to_a_step_and_exact_at_the_end() {
        let mut live = LiveBytes::default();
        for commit in 1..=10_000 {
            live.add(commit, 100);
        }
        assert_eq!(live.get(), 1_000_000);
        live.drop_through(5_000);
        assert!((500_000..=500_000 + STEP_BYTES).contains(&live.get()), "{}", live.get());
        live.drop_through(10_000);
        assert_eq!(live.get(), 0);
        live.add(10_001, 7);
        assert_eq!(live.get(), 7);
    }
}
