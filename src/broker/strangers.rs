//! Clients that have not logged in: how many of them may be here, and how fast passwords may be tried.
//!
//! They may take a quarter of all places. Who comes when the quarter is taken is let in, and the one that has been a stranger
//! for longest has to go, if it has had a second: so a crowd of honest clients after a restart is served, and idlers
//! keep nobody out. A wrong password from another machine is answered late, later each time, up to five seconds; right ones
//! are answered at once, so that nobody is kept waiting by others behind the same address. Must never know: passwords.

use super::client::ClientId;
use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

/// The share of `maxclients` that strangers may take is one in this many.
const SHARE: usize = 4;
/// How long a stranger keeps its place when others come, in milliseconds.
const GRACE_MS: i64 = 1000;

/// How late the first wrong password is answered, in milliseconds; each further one twice as late.
const FIRST_DELAY_MS: u64 = 100;
const LONGEST_DELAY_MS: u64 = 5000;
/// An address that tried nothing wrong for so long begins anew.
const FORGIVEN_MS: i64 = 60_000;
/// Addresses that are remembered; the one that was quiet for longest is forgotten first.
const MOST_ADDRESSES: usize = 1024;

/// Clients that have not logged in, and what addresses have tried.
#[derive(Debug, Default)]
pub struct Strangers {
    here: BTreeSet<ClientId>,
    failures: HashMap<IpAddr, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last_ms: i64,
}

impl Strangers {
    /// Notes whether a client is one.
    pub(super) fn note(&mut self, client: ClientId, is_stranger: bool) {
        if is_stranger {
            self.here.insert(client)
        } else {
            self.here.remove(&client)
        };
    }

    /// The stranger that has to make room: the first to come, if they are too many.
    pub(super) fn too_many(&self, max_clients: usize) -> Option<ClientId> {
        let share = (max_clients / SHARE).max(1);
        self.here.first().copied().filter(|_| self.here.len() > share)
    }

    /// Whether a client that came at this time has had its chance to log in.
    pub(super) fn had_time(created_ms: i64, now_ms: i64) -> bool {
        now_ms.saturating_sub(created_ms) >= GRACE_MS
    }

    /// Notes a wrong password; for how many milliseconds that is not answered.
    pub(super) fn failed(&mut self, from: IpAddr, now_ms: i64) -> u64 {
        if self.failures.len() >= MOST_ADDRESSES && !self.failures.contains_key(&from) {
            let quietest = self.failures.iter().min_by_key(|(_, f)| f.last_ms).map(|(address, _)| *address);
            quietest.map(|address| self.failures.remove(&address));
        }
        let failures = self.failures.entry(from).or_insert(Failures { count: 0, last_ms: now_ms });
        if now_ms.saturating_sub(failures.last_ms) > FORGIVEN_MS {
            failures.count = 0;
        }
        let delay = FIRST_DELAY_MS << failures.count.min(10);
        (failures.count, failures.last_ms) = (failures.count.saturating_add(1), now_ms);
        delay.min(LONGEST_DELAY_MS)
    }

    /// Notes a right password.
    pub(super) fn succeeded(&mut self, from: IpAddr) {
        self.failures.remove(&from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_passwords_are_answered_later_each_time() {
        let (mut strangers, mallory) = (Strangers::default(), IpAddr::from([203, 0, 113, 1]));
        let delays: Vec<u64> = (0..9).map(|i| strangers.failed(mallory, i)).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
        assert_eq!(strangers.failed(IpAddr::from([203, 0, 113, 2]), 9), 100, "another address");
        assert_eq!(strangers.failed(mallory, 8 + FORGIVEN_MS), 5000, "not forgotten yet");
        assert_eq!(strangers.failed(mallory, 10 + 2 * FORGIVEN_MS), 100, "forgiven");
        strangers.failed(mallory, 11 + 2 * FORGIVEN_MS);
        strangers.succeeded(mallory);
        assert_eq!(strangers.failed(mallory, 12 + 2 * FORGIVEN_MS), 100);
    }

    #[test]
    fn addresses_are_not_remembered_without_end() {
        let mut strangers = Strangers::default();
        let address = |i: u32| IpAddr::from(i.to_be_bytes());
        (0..3000).for_each(|i| assert_eq!(strangers.failed(address(i), i64::from(i)), 100));
        assert_eq!(strangers.failures.len(), MOST_ADDRESSES);
        assert_eq!(strangers.failed(address(2999), 3000), 200, "the newest is not what is forgotten");
    }

    #[test]
    fn the_first_to_come_makes_room() {
        let mut strangers = Strangers::default();
        (1..=3).for_each(|client| strangers.note(client, true));
        assert_eq!(strangers.too_many(12), None);
        strangers.note(4, true);
        assert_eq!(strangers.too_many(12), Some(1));
        strangers.note(1, false);
        assert_eq!(strangers.too_many(12), None);
        assert_eq!(strangers.too_many(3), Some(2), "one may always be here");
    }
}
