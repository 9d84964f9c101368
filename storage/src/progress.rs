//! How far work has come that may take long. Whoever works notes it, whoever watches looks when it likes to: so watching
//! costs the work nothing, and no clock is needed here. Must never know: who watches, what it shows.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The backend opens its own files. Nobody knows how much that is.
    Backend,
    /// The names of all keys are read; counted in names, nobody knows how many there are.
    Names,
    /// The journal is replayed; counted in bytes. Its last file is seldom full, so there may be less than was said.
    Replay,
    /// The backend compares the checksums of its files. Nobody knows how much that is.
    Checksums,
    /// All records of each key are looked at; counted in keys, nobody knows how many there are.
    Keys,
    /// Chunks are counted; nobody knows how many there are.
    Chunks,
}

/// A place where work notes how far it is. Clones of an `Arc` of it are looked at.
#[derive(Debug, Default)]
pub struct Progress {
    /// 0 = nothing is being done; else one more than the number of the phase.
    phase: AtomicU8,
    done: AtomicU64,
    total: AtomicU64,
}

/// How far work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What is being done.
    pub phase: Phase,
    /// How much of it is done.
    pub done: u64,
    /// How much there is; 0 = nobody knows.
    pub total: u64,
}

impl Progress {
    /// A phase begins, with so much to do (0 = nobody knows).
    pub fn begin(&self, phase: Phase, total: u64) {
        self.done.store(0, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
        self.phase.store(phase as u8 + 1, Ordering::Release);
    }

    /// So much more is done.
    pub fn add(&self, done: u64) {
        self.done.fetch_add(done, Ordering::Relaxed);
    }

    /// Nothing more is being done.
    pub fn end(&self) {
        self.phase.store(0, Ordering::Release);
    }

    /// How far it is; none if nothing is being done.
    pub fn look(&self) -> Option<Seen> {
        let phases = [Phase::Backend, Phase::Names, Phase::Replay, Phase::Checksums, Phase::Keys, Phase::Chunks];
        let phase = *phases.get(usize::from(self.phase.load(Ordering::Acquire)).checked_sub(1)?)?;
        let (done, total) = (self.done.load(Ordering::Relaxed), self.total.load(Ordering::Relaxed));
        Some(Seen { phase, done: if total > 0 { done.min(total) } else { done }, total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_seen_and_never_more_than_there_is() {
        let progress = Progress::default();
        assert_eq!(progress.look(), None);
        progress.begin(Phase::Replay, 10);
        progress.add(4);
        assert_eq!(progress.look(), Some(Seen { phase: Phase::Replay, done: 4, total: 10 }));
        progress.add(7);
        assert_eq!(progress.look(), Some(Seen { phase: Phase::Replay, done: 10, total: 10 }));
        progress.begin(Phase::Names, 0);
        progress.add(3);
        assert_eq!(progress.look(), Some(Seen { phase: Phase::Names, done: 3, total: 0 }));
        progress.begin(Phase::Chunks, 0);
        assert_eq!(progress.look().map(|seen| seen.phase), Some(Phase::Chunks), "the last of all");
        progress.end();
        assert_eq!(progress.look(), None);
    }
}
