//! The times of leading: their defaults, and which of them contradict each other.

use crate::error::ConfigError;
use crate::lease::Timing;
use std::time::Duration;

/// How leadership is kept. Every wrong combination is refused at the start, with a text that says which value and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderConfig {
    /// The key of the lease. None: `mq:consumer:leader:` and the group's name.
    pub lock_key: Option<String>,
    /// The lease ends so long after the last renewal: 30 s. The longest time without a leader after a crash.
    pub lock_expiry: Duration,
    /// The leader renews so often, a fifth more or less: 10 s.
    pub refresh_interval: Duration,
    /// After so long without a renewal that worked the leader stops, while the lease still holds. None: two thirds of the expiry.
    pub renew_deadline: Option<Duration>,
    /// Between two tries: of a renewal that failed, and of a standby where the server cannot let it wait (redis-server): 100 ms.
    pub retry_delay: Duration,
    /// One try to become leader ends after so long, and the next begins: 5 s.
    pub lock_timeout: Duration,
    /// If set, the lease ends so long after the leader's *connection* broke, so that a leader that crashed is replaced at once (Brooklet
    /// only). The price: the lease is certain for no longer than this after each sign of life, so it is renewed three times
    /// as often as this says, and a network that hangs for this long ends the term.
    pub disconnect_grace: Option<Duration>,
    /// When leadership is lost or the stop comes without a time of its own, a handler that runs may go on for so long: 5 s.
    pub drain_timeout: Duration,
}

impl Default for LeaderConfig {
    fn default() -> Self {
        Self {
            lock_key: None,
            lock_expiry: Duration::from_secs(30),
            refresh_interval: Duration::from_secs(10),
            renew_deadline: None,
            retry_delay: Duration::from_millis(100),
            lock_timeout: Duration::from_secs(5),
            disconnect_grace: None,
            drain_timeout: Duration::from_secs(5),
        }
    }
}

impl LeaderConfig {
    /// The key of the lease of a group.
    #[must_use]
    pub fn key(&self, group: &str) -> String {
        self.lock_key.clone().unwrap_or_else(|| format!("mq:consumer:leader:{group}"))
    }

    /// After so long without a renewal the leader stops.
    #[must_use]
    pub fn renew_deadline(&self) -> Duration {
        self.renew_deadline.unwrap_or(self.lock_expiry * 2 / 3)
    }

    /// Whether the values fit together.
    ///
    /// # Errors
    /// The first that does not.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let (expiry, deadline, interval) = (self.lock_expiry, self.renew_deadline(), self.refresh_interval);
        if self.lock_key.as_deref() == Some("") {
            return Err(ConfigError::new("lock_key", "it is empty; leave it out for the default"));
        }
        for (name, value) in [
            ("lock_expiry", expiry),
            ("refresh_interval", interval),
            ("renew_deadline", deadline),
            ("retry_delay", self.retry_delay),
            ("lock_timeout", self.lock_timeout),
        ] {
            if value < Duration::from_millis(1) {
                let why = format!("{value:?} is less than a millisecond, the shortest time that a server counts");
                return Err(ConfigError::new(name, why));
            }
        }
        if deadline >= expiry {
            let why = format!(
                "{deadline:?} is not shorter than lock_expiry, {expiry:?}: the lease would end before the leader stops"
            );
            return Err(ConfigError::new("renew_deadline", why));
        }
        if interval.mul_f64(1.2) >= deadline {
            let why = format!(
                "{interval:?}, and a fifth more by chance, is not shorter than renew_deadline, {deadline:?}: the leader would \
                 stop before it has tried to renew"
            );
            return Err(ConfigError::new("refresh_interval", why));
        }
        self.validate_grace()
    }

    fn validate_grace(&self) -> Result<(), ConfigError> {
        let Some(grace) = self.disconnect_grace else { return Ok(()) };
        if grace < Duration::from_millis(30) {
            let why = format!("{grace:?} is less than 30 ms, which leaves no time to renew three times in it");
            return Err(ConfigError::new("disconnect_grace", why));
        }
        if grace >= self.lock_expiry {
            let why =
                format!("{grace:?} is not shorter than lock_expiry, {:?}: it would change nothing", self.lock_expiry);
            return Err(ConfigError::new("disconnect_grace", why));
        }
        Ok(())
    }

    /// When to renew. A lease that is bound to its connection can end a grace after the last sign of life, so then the grace
    /// takes the place of the expiry.
    pub(crate) fn timing(&self) -> Timing {
        let (mut interval, mut deadline) = (self.refresh_interval, self.renew_deadline());
        if let Some(grace) = self.disconnect_grace {
            interval = interval.min(grace / 3);
            deadline = deadline.min(grace * 2 / 3);
        }
        Timing { interval, deadline, retry: self.retry_delay.min(deadline / 8), release: self.drain_timeout }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn refused(config: &LeaderConfig) -> (&'static str, String) {
        let error = config.validate().unwrap_err();
        (error.option, error.to_string())
    }

    #[test]
    fn each_wrong_value_is_refused_by_its_name_with_the_reason() {
        let right = LeaderConfig::default();
        let wrong = [
            (LeaderConfig { lock_key: Some(String::new()), ..right.clone() }, "lock_key", "empty"),
            (LeaderConfig { lock_expiry: MS / 2, ..right.clone() }, "lock_expiry", "millisecond"),
            (LeaderConfig { retry_delay: Duration::ZERO, ..right.clone() }, "retry_delay", "millisecond"),
            (LeaderConfig { renew_deadline: Some(MS * 30_000), ..right.clone() }, "renew_deadline", "lock_expiry"),
            (LeaderConfig { refresh_interval: MS * 16_700, ..right.clone() }, "refresh_interval", "renew_deadline"),
            (LeaderConfig { disconnect_grace: Some(MS), ..right.clone() }, "disconnect_grace", "30 ms"),
            (LeaderConfig { disconnect_grace: Some(MS * 30_000), ..right }, "disconnect_grace", "lock_expiry"),
        ];
        for (config, option, reason) in wrong {
            let (named, text) = refused(&config);
            assert_eq!(named, option);
            assert!(text.starts_with(option) && text.contains(reason), "{text}");
        }
    }

    #[test]
    fn a_bound_lease_is_renewed_within_its_grace() {
        let config = LeaderConfig { disconnect_grace: Some(MS * 900), ..LeaderConfig::default() };
        let timing = config.timing();
        assert_eq!((timing.interval, timing.deadline), (MS * 300, MS * 600));
        assert!(timing.interval.mul_f64(1.2) < timing.deadline);
    }
}
