//! Events that took long: the last ones of each kind, for LATENCY. Must never know: how the answer looks.

use std::collections::{BTreeMap, VecDeque};

/// Events of one kind that are kept, at most.
const KEPT: usize = 160;

/// Slow events of one kind.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Unix seconds and milliseconds it took, oldest first; the worst of each second.
    pub samples: VecDeque<(i64, u64)>,
    /// The worst ever, milliseconds.
    pub worst_ms: u64,
}

/// Slow events by kind.
#[derive(Debug, Default)]
pub struct Latency(BTreeMap<&'static str, Series>);

impl Latency {
    /// Notes an event that took `ms` milliseconds.
    pub fn add(&mut self, event: &'static str, at_s: i64, ms: u64) {
        let series = self.0.entry(event).or_default();
        series.worst_ms = series.worst_ms.max(ms);
        match series.samples.back_mut() {
            Some((second, worst)) if *second == at_s => *worst = ms.max(*worst),
            _ => series.samples.push_back((at_s, ms)),
        }
        if series.samples.len() > KEPT {
            series.samples.pop_front();
        }
    }

    /// All kinds, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &Series)> {
        self.0.iter().map(|(name, series)| (*name, series))
    }

    /// The events of one kind.
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        self.0.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(event)).map(|(_, series)| series)
    }

    /// Forgets one kind; whether there was one.
    pub fn forget(&mut self, event: &[u8]) -> bool {
        let before = self.0.len();
        self.0.retain(|name, _| !name.as_bytes().eq_ignore_ascii_case(event));
        self.0.len() < before
    }

    /// Forgets all; how many kinds there were.
    pub fn clear(&mut self) -> usize {
        let count = self.0.len();
        self.0.clear();
        count
    }
}
