//! How long an entry waits before it is delivered once more.

use super::duration;

/// Steps that a list may have.
const MOST_STEPS: usize = 64;

/// The waits after the first, second, ... delivery that failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Backoff {
    /// One after the other; the last one again and again.
    List(Vec<i64>),
    /// `base * factor^(n - 1)`, at most `cap`, up or down by a random part of at most `jitter`.
    Exponential {
        /// Milliseconds after the first delivery.
        base_ms: i64,
        /// At least 1.
        factor: f64,
        /// Milliseconds, at most.
        cap_ms: i64,
        /// From 0 to 1.
        jitter: f64,
    },
}

impl Eq for Backoff {}

impl Default for Backoff {
    fn default() -> Backoff {
        Backoff::Exponential { base_ms: 1000, factor: 2.0, cap_ms: 300_000, jitter: 0.2 }
    }
}

impl Backoff {
    /// Reads `1s,5s,30s`, `none` or `exp:base,factor,cap,jitter`, of which all but the base may be left out.
    pub fn parse(text: &str) -> Option<Backoff> {
        if text.eq_ignore_ascii_case("none") {
            return Some(Backoff::List(Vec::new()));
        }
        let Some(parts) = text.get(..4).filter(|word| word.eq_ignore_ascii_case("exp:")).map(|_| &text[4..]) else {
            let steps: Vec<i64> = text.split(',').map(duration::parse).collect::<Option<_>>()?;
            return (steps.len() <= MOST_STEPS).then_some(Backoff::List(steps));
        };
        let Backoff::Exponential { mut factor, mut cap_ms, mut jitter, .. } = Backoff::default() else { return None };
        let mut parts = parts.split(',');
        let base_ms = duration::parse(parts.next()?)?;
        if let Some(part) = parts.next() {
            factor = part.parse().ok().filter(|f: &f64| (1.0..=1000.0).contains(f))?;
        }
        if let Some(part) = parts.next() {
            cap_ms = duration::parse(part)?;
        }
        if let Some(part) = parts.next() {
            jitter = part.parse().ok().filter(|j: &f64| (0.0..=1.0).contains(j))?;
        }
        parts.next().is_none().then_some(Backoff::Exponential { base_ms, factor, cap_ms, jitter })
    }

    /// What [`Backoff::parse`] reads.
    pub fn show(&self) -> String {
        match self {
            Backoff::List(steps) if steps.is_empty() => "none".to_owned(),
            Backoff::List(steps) => steps.iter().map(|ms| duration::show(*ms)).collect::<Vec<_>>().join(","),
            Backoff::Exponential { base_ms, factor, cap_ms, jitter } => {
                format!("exp:{},{factor},{},{jitter}", duration::show(*base_ms), duration::show(*cap_ms))
            }
        }
    }

    /// The wait after `deliveries` that failed, in milliseconds. `dice` decides within the jitter: the same number gives
    /// the same wait.
    pub fn delay_ms(&self, deliveries: i64, dice: u64) -> i64 {
        let failed = deliveries.max(1);
        match self {
            Backoff::List(steps) => {
                let step = usize::try_from(failed - 1).unwrap_or(usize::MAX).min(steps.len().saturating_sub(1));
                steps.get(step).copied().unwrap_or(0)
            }
            Backoff::Exponential { base_ms, factor, cap_ms, jitter } => {
                let exponent = i32::try_from(failed - 1).unwrap_or(i32::MAX);
                let plain = (*base_ms as f64 * factor.powi(exponent)).min(*cap_ms as f64);
                // From -1 to 1.
                let swing = (dice >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
                (plain * (1.0 + jitter * swing)).round().clamp(0.0, duration::LONGEST_MS as f64) as i64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_end_with_their_last_step() {
        let list = Backoff::parse("1s,5s,1m").unwrap();
        let waits: Vec<i64> = [0, 1, 2, 3, 4, i64::MAX].iter().map(|n| list.delay_ms(*n, 7)).collect();
        assert_eq!(waits, [1000, 1000, 5000, 60_000, 60_000, 60_000]);
        assert_eq!(list.show(), "1s,5s,1m");
        assert_eq!(Backoff::parse("none").unwrap().delay_ms(3, 7), 0);
    }

    #[test]
    fn exponentials_grow_to_their_cap_and_swing_within_the_jitter() {
        let plain = Backoff::parse("exp:1s,2,10s,0").unwrap();
        let waits: Vec<i64> = (1..=6).map(|n| plain.delay_ms(n, u64::MAX)).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(plain.delay_ms(i64::MAX, 0), 10_000);
        let swinging = Backoff::parse("exp:1s").unwrap();
        assert_eq!(swinging, Backoff::default());
        assert_eq!((swinging.delay_ms(1, 0), swinging.delay_ms(1, u64::MAX)), (800, 1200));
        assert_eq!(Backoff::parse(&swinging.show()).unwrap(), swinging);
    }

    #[test]
    fn what_is_no_backoff_is_refused() {
        let many = vec!["1s"; 65].join(",");
        for wrong in
            ["", "1s,", "exp:", "exp:1s,0.5", "exp:1s,2,10s,2", "exp:1s,2,10s,0,1", "exp:1s,NaN", "fast", &many]
        {
            assert_eq!(Backoff::parse(wrong), None, "{wrong}");
        }
    }
}
