//! How long to wait before trying again: twice as long each time, up to a limit, and never the same for two clients.

use std::time::Duration;

/// The waits of one thing that is tried again and again.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    tries: u32,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest: longest.max(first), tries: 0 }
    }

    /// The next wait: between half of and all of the current step.
    pub(crate) fn next(&mut self) -> Duration {
        let step = self.first.saturating_mul(1_u32 << self.tries.min(20)).min(self.longest);
        self.tries = self.tries.saturating_add(1);
        step.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    /// It worked: begin anew.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        for most in [100, 200, 400, 800, 1000, 1000] {
            let wait = backoff.next();
            let most = Duration::from_millis(most);
            assert!(wait <= most && wait >= most / 2, "{wait:?} is not within half of {most:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= Duration::from_millis(100));
    }
}
