//! What holds for the deliveries of a group: when one has failed, when the next one comes, and when there is none.

use super::backoff::Backoff;
use brooklet_storage::StreamId;
use brooklet_storage::stream::pending::{NOBODY, Pending};

/// What becomes of an entry that failed too often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMax {
    /// It stays pending, owned by nobody, and is not delivered again by itself.
    #[default]
    Park,
    /// It goes to the dead-letter stream.
    DeadLetter,
    /// It is acknowledged.
    Drop,
}

/// The rules for deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// What is due again is given to readers of new entries first.
    pub redeliver: bool,
    /// A delivery that is not acknowledged for so long has failed; milliseconds.
    pub ack_wait_ms: i64,
    /// After so many deliveries that failed there is no other; 0 = always another.
    pub max_deliver: i64,
    /// The wait before the next one.
    pub backoff: Backoff,
    /// What becomes of the others, where it was said.
    pub on_max: Option<OnMax>,
    /// The stream of dead letters; empty = `<stream>:dlq`.
    pub dead_letters: Option<Box<[u8]>>,
    /// Entries that may be under way in the group; 0 = as many as there are.
    pub max_ack_pending: usize,
    /// Entries that may be under way at one consumer; 0 = as many as there are.
    pub max_ack_pending_consumer: usize,
}

impl Default for Delivery {
    fn default() -> Delivery {
        Delivery {
            redeliver: false,
            ack_wait_ms: 30_000,
            max_deliver: 5,
            backoff: Backoff::default(),
            on_max: None,
            dead_letters: None,
            max_ack_pending: 0,
            max_ack_pending_consumer: 0,
        }
    }
}

/// What the time says about a pending entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It can be delivered again.
    Again,
    /// Its delivery has failed; the next one is due at this time.
    At(i64),
    /// It failed too often.
    Dead,
}

impl Delivery {
    /// What becomes of an entry that failed too often: a stream for dead letters that was named is meant to be used.
    pub fn on_max(&self) -> OnMax {
        let named = if self.dead_letters.is_some() { OnMax::DeadLetter } else { OnMax::Park };
        self.on_max.unwrap_or(named)
    }

    /// The stream of dead letters of `stream`.
    pub fn dead_letters_of(&self, stream: &[u8]) -> Vec<u8> {
        match self.dead_letters.as_deref() {
            Some(name) if !name.is_empty() => name.to_vec(),
            _ => [stream, b":dlq"].concat(),
        }
    }

    /// Whether an entry that was delivered so often, and failed, is not delivered again.
    pub fn is_spent(&self, deliveries: i64) -> bool {
        deliveries == i64::MAX || (self.max_deliver > 0 && deliveries >= self.max_deliver)
    }

    /// What is to be done with an entry whose delivery has failed, or that was released and may be had.
    pub fn judge(&self, id: StreamId, pending: &Pending, now_ms: i64) -> Due {
        if self.is_spent(pending.deliveries) {
            return Due::Dead;
        }
        if pending.consumer == NOBODY {
            return Due::Again;
        }
        let failed_ms = pending.delivered_ms.saturating_add(self.ack_wait_ms);
        match failed_ms.saturating_add(self.wait_ms(id, pending.deliveries)) {
            at_ms if at_ms <= now_ms => Due::Again,
            at_ms => Due::At(at_ms),
        }
    }

    /// The wait after the last of so many deliveries has failed. The same for everybody who asks.
    pub fn wait_ms(&self, id: StreamId, deliveries: i64) -> i64 {
        let dice = xxhash_rust::xxh3::xxh3_64_with_seed(&id.to_be_bytes(), deliveries as u64);
        self.backoff.delay_ms(deliveries, dice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_letter_stream_that_is_named_is_used() {
        let mut rules = Delivery::default();
        assert_eq!((rules.on_max(), rules.dead_letters_of(b"s")), (OnMax::Park, b"s:dlq".to_vec()));
        rules.dead_letters = Some(Box::default());
        assert_eq!((rules.on_max(), rules.dead_letters_of(b"s")), (OnMax::DeadLetter, b"s:dlq".to_vec()));
        rules.dead_letters = Some(b"dead"[..].into());
        rules.on_max = Some(OnMax::Drop);
        assert_eq!((rules.on_max(), rules.dead_letters_of(b"s")), (OnMax::Drop, b"dead".to_vec()));
    }

    #[test]
    fn deliveries_are_spent_after_the_last_and_by_fatal() {
        let rules = Delivery::default();
        assert_eq!([1, 4, 5, 6, i64::MAX].map(|n| rules.is_spent(n)), [false, false, true, true, true]);
        let endless = Delivery { max_deliver: 0, ..Delivery::default() };
        assert_eq!([1, 1000, i64::MAX].map(|n| endless.is_spent(n)), [false, false, true]);
    }
}
