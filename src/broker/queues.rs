//! Queues: calls that wait for their turn at one key. Only the first looks when something happens to it, the others sleep on;
//! higher priorities stand in front, and among equals whoever came first.
//!
//! A queue looks again as one, at the time that the last call that looked has named. Must never know: what they wait for.

use super::wait::Place;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

/// A key of a database.
pub(crate) type Name = (u32, Box<[u8]>);

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    by_name: HashMap<Name, Queue>,
    looks: BTreeSet<(i64, Name)>,
    /// Where all look once, whoever's turn it is.
    roused: BTreeSet<Name>,
}

#[derive(Debug, Default)]
struct Queue {
    places: BTreeSet<(Reverse<i64>, Place)>,
    look_ms: Option<i64>,
}

impl Queues {
    /// Puts a call in its place, which looks again at `look_ms`.
    pub fn join(&mut self, db: u32, name: &[u8], priority: i64, place: Place, look_ms: Option<i64>) {
        let name: Name = (db, name.into());
        let queue = self.by_name.entry(name.clone()).or_default();
        queue.places.insert((Reverse(priority), place));
        let before = std::mem::replace(&mut queue.look_ms, look_ms);
        if before != look_ms {
            if let Some(at) = before {
                self.looks.remove(&(at, name.clone()));
            }
            self.looks.extend(look_ms.map(|at| (at, name)));
        }
    }

    /// Takes a call out of its place.
    pub fn leave(&mut self, db: u32, name: &[u8], priority: i64, place: Place) {
        let name: Name = (db, name.into());
        let Some(queue) = self.by_name.get_mut(&name) else { return };
        queue.places.remove(&(Reverse(priority), place));
        if queue.places.is_empty() {
            let look_ms = queue.look_ms;
            self.by_name.remove(&name);
            if let Some(at) = look_ms {
                self.looks.remove(&(at, name));
            }
        }
    }

    /// Whose turn is next.
    pub fn first(&self, db: u32, name: &[u8]) -> Option<Place> {
        if self.by_name.is_empty() {
            return None;
        }
        self.by_name.get(&(db, name.into()))?.places.first().map(|(_, place)| *place)
    }

    /// When something happens to this key next, all who wait for it look.
    pub fn rouse(&mut self, db: u32, name: &[u8]) {
        let name: Name = (db, name.into());
        if self.by_name.contains_key(&name) {
            self.roused.insert(name);
        }
    }

    /// All who wait for a key that was roused, in their order; once.
    pub fn take_roused(&mut self, db: u32, name: &[u8]) -> Vec<Place> {
        if self.roused.is_empty() {
            return Vec::new();
        }
        let name: Name = (db, name.into());
        if !self.roused.remove(&name) {
            return Vec::new();
        }
        self.by_name.get(&name).map_or_else(Vec::new, |queue| queue.places.iter().map(|(_, place)| *place).collect())
    }

    /// How many wait for their turn at a key.
    pub fn waiting(&self, db: u32, name: &[u8]) -> usize {
        self.by_name.get(&(db, name.into())).map_or(0, |queue| queue.places.len())
    }

    /// How many stand in front of a call that has a place, or would if it came now.
    pub fn ahead(&self, db: u32, name: &[u8], priority: i64, place: Option<Place>) -> usize {
        let end = (Reverse(priority), place.unwrap_or(Place::MAX));
        self.by_name.get(&(db, name.into())).map_or(0, |queue| queue.places.range(..end).count())
    }

    /// When one of them looks again.
    #[inline]
    pub fn next_look(&self) -> Option<i64> {
        self.looks.first().map(|(at, _)| *at)
    }

    /// Those that look again now.
    pub fn due(&self, now_ms: i64) -> Vec<Name> {
        self.looks.iter().take_while(|(at, _)| *at <= now_ms).map(|(_, name)| name.clone()).collect()
    }

    /// Their keys.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.by_name.keys()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// How many wait in all of them.
    pub fn total(&self) -> usize {
        self.by_name.values().map(|queue| queue.places.len()).sum()
    }

    /// Whose turn is next in each of them.
    pub fn firsts(&self) -> impl Iterator<Item = &Place> {
        self.by_name.values().filter_map(|queue| queue.places.first()).map(|(_, place)| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn higher_priorities_come_first_and_then_whoever_came_first() {
        let mut queues = Queues::default();
        for (place, priority) in [(1, 0), (2, 5), (3, 0), (4, -1), (5, 5)] {
            queues.join(0, b"k", priority, place, Some(10));
        }
        assert_eq!(queues.ahead(0, b"k", 0, Some(3)), 3);
        assert_eq!(queues.ahead(0, b"k", 5, None), 2);
        let mut order = Vec::new();
        while let Some(place) = queues.first(0, b"k") {
            order.push(place);
            let priority = [0, 0, 5, 0, -1, 5][place as usize];
            queues.leave(0, b"k", priority, place);
        }
        assert_eq!(order, [2, 5, 1, 3, 4]);
        assert!(queues.next_look().is_none() && queues.len() == 0);
    }

    #[test]
    fn a_queue_looks_at_the_time_that_was_named_last() {
        let mut queues = Queues::default();
        queues.join(0, b"k", 0, 1, Some(10));
        queues.join(0, b"k", 0, 2, Some(30));
        assert!(queues.due(29).is_empty());
        assert_eq!(queues.due(30).len(), 1);
        queues.leave(0, b"k", 0, 1);
        assert_eq!(queues.next_look(), Some(30));
        queues.join(0, b"k", 0, 2, None);
        assert_eq!(queues.next_look(), None);
    }
}
