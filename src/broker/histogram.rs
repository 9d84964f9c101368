//! Durations counted by size: eight buckets to each doubling, so a percentile is at most an eighth too high.
//!
//! Recording costs a few nanoseconds and one table of counters serves percentiles as well as the doubling buckets of
//! LATENCY HISTOGRAM. Must never know: what the durations are of.

/// Buckets to a doubling.
const STEPS: usize = 8;
/// Doublings; the last bucket holds everything from about 16 seconds on.
const OCTAVES: usize = 24;

/// Counts of durations in microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u32; STEPS * OCTAVES]>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Histogram {
        Histogram { counts: Box::new([0; STEPS * OCTAVES]), total: 0 }
    }
}

/// The bucket of a duration: its doubling and, within it, its eighth.
fn bucket(micros: u64) -> usize {
    let micros = micros.clamp(1, (1 << OCTAVES) - 1);
    let octave = micros.ilog2() as usize;
    let eighth = (((micros - (1 << octave)) * STEPS as u64) >> octave) as usize;
    octave * STEPS + eighth
}

/// The first duration that is above a bucket.
fn end(bucket: usize) -> f64 {
    let (octave, eighth) = (bucket / STEPS, bucket % STEPS);
    (1u64 << octave) as f64 * (1.0 + (eighth + 1) as f64 / STEPS as f64)
}

impl Histogram {
    /// Counts one duration.
    #[inline]
    pub fn record(&mut self, micros: u64) {
        let slot = &mut self.counts[bucket(micros)];
        *slot = slot.saturating_add(1);
        self.total += 1;
    }

    /// Number of durations.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The duration in microseconds below which `percent` of all lie, rounded down to a whole one.
    pub fn percentile(&self, percent: f64) -> f64 {
        let rank = (self.total as f64 * percent / 100.0).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (i, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return (end(i) - 0.001).floor();
            }
        }
        0.0
    }

    /// How many durations lie below each power of two microseconds, from the first to the last that tells something new.
    pub fn doublings(&self) -> Vec<(u64, u64)> {
        let mut cumulative = 0;
        let mut found = Vec::new();
        for (octave, eighths) in self.counts.chunks_exact(STEPS).enumerate() {
            let here: u64 = eighths.iter().map(|n| u64::from(*n)).sum();
            cumulative += here;
            if here > 0 {
                found.push((1 << (octave + 1), cumulative));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_near() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|micros| histogram.record(micros));
        for (percent, exact) in [(50.0, 500.0), (99.0, 990.0), (100.0, 1000.0)] {
            let found = histogram.percentile(percent);
            assert!(found >= exact && found <= exact * 1.125, "{percent}: {found}");
        }
        assert_eq!(histogram.doublings().first(), Some(&(2, 1)));
        assert_eq!(histogram.doublings().last(), Some(&(1024, 1000)));
    }

    #[test]
    fn ends_of_the_scale() {
        let mut histogram = Histogram::default();
        histogram.record(0);
        histogram.record(u64::MAX);
        assert_eq!((histogram.total(), histogram.percentile(50.0)), (2, 1.0));
    }
}
