//! Reads COUNT entries from random places of streams filled with ids `1-0`, `2-0`, ... One reply is one operation.

use super::{Answer, Script, key};
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::command;
use crate::cli::bench::tally::Tally;

/// Reads ranges.
pub(in crate::cli::bench) struct Xrange {
    streams: u64,
    /// Entries of each stream.
    entries: u64,
    count: u64,
    random: fastrand::Rng,
}

impl Xrange {
    pub(in crate::cli::bench) fn new(streams: u64, entries: u64, count: usize, seed: u64) -> Xrange {
        Xrange { streams, entries, count: count as u64, random: fastrand::Rng::with_seed(seed) }
    }
}

impl Script for Xrange {
    fn begin(&mut self, cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        let (mut number, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        let count = count.format(self.count).as_bytes();
        // A range that began among the last `count` entries would be cut short by the stream's end.
        let last = self.entries.saturating_sub(self.count).max(1);
        for _ in 0..cycles {
            let key = key("stream", self.random.u64(..self.streams));
            let from = number.format(self.random.u64(1..=last)).as_bytes();
            command(out, &[b"XRANGE", key.as_bytes(), from, b"+", b"COUNT", count]);
        }
        cycles
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        if answer.kind != Kind::Error {
            tally.operation(answer.due_ns, answer.now_ns, self.count.min(self.entries));
        }
    }

    fn overlaps(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::workload::tests::parse_all;

    #[test]
    fn ranges_begin_inside() {
        let mut out = vec![];
        assert_eq!(Xrange::new(2, 20, 10, 1).begin(100, 0, &mut out), 100);
        for args in parse_all(&out) {
            let from: u64 = std::str::from_utf8(&args[2]).unwrap().parse().unwrap();
            assert!((1..=10).contains(&from));
            assert_eq!(args[3..], [&b"+"[..], b"COUNT", b"10"]);
        }
    }
}
