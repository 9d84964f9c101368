//! The list against a plain model, its memory and its bounds.

use super::model::Model;
use super::*;
use proptest::prelude::*;

fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 0)
}

#[test]
fn all_orders_agree_after_moves() {
    let mut list = PendingList::default();
    list.put(id(1), 1, 100, 1);
    list.put(id(2), 1, 100, 1);
    list.put(id(3), 2, 50, 1);
    list.put(id(1), 2, 200, 2);
    list.put(id(2), NOBODY, 0, 1);
    assert_eq!(list.released(0).map(|(i, _)| i.ms).collect::<Vec<_>>(), [2]);
    assert_eq!(list.delivered_until(200).map(|(i, _)| i.ms).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(list.delivered_until(199).map(|(i, _)| i.ms).collect::<Vec<_>>(), [3]);
    assert_eq!(list.of_consumer(2, StreamId::MIN, StreamId::MAX).map(|i| i.ms).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(list.count_of(1), 0);
    assert_eq!(list.remove(id(3)).map(|p| p.consumer), Some(2));
    assert_eq!(list.len(), 2);
    assert_eq!((list.released(i64::MAX).count(), list.owned()), (1, 1));
}

#[test]
fn what_was_released_for_later_is_had_in_the_order_of_its_time() {
    let mut list = PendingList::default();
    for (ms, until) in [(1, 300), (2, 100), (3, 0), (4, 200), (5, 100)] {
        list.put(id(ms), NOBODY, until, 1);
    }
    list.put(id(6), 7, 150, 1);
    let had = |list: &PendingList, now| list.released(now).map(|(i, _)| i.ms).collect::<Vec<_>>();
    assert_eq!(had(&list, 99), [3]);
    assert_eq!(had(&list, 200), [3, 2, 5, 4]);
    assert_eq!((list.next_released_after(200), list.next_delivered_after(0)), (Some(300), Some(150)));
    let claimable = |list: &PendingList, now| list.get(id(4)).unwrap().is_claimable(now, 0);
    assert!(!claimable(&list, 199) && claimable(&list, 200), "not before its time, whatever idle time is asked for");
}

#[test]
fn what_lives_briefly_never_reaches_the_disk() {
    let mut list = PendingList::default();
    list.put(id(1), 1, 100, 1);
    list.remove(id(1));
    list.put(id(2), 1, 100, 1);
    let (mut puts, mut deletes) = (vec![], vec![]);
    let drain = |list: &mut PendingList, puts: &mut Vec<_>, deletes: &mut Vec<_>, limit| {
        list.drain_dirty(limit, |i, p| if p.is_some() { puts.push(i) } else { deletes.push(i) })
    };
    drain(&mut list, &mut puts, &mut deletes, usize::MAX);
    assert_eq!((puts.as_slice(), deletes.as_slice()), (&[id(2)][..], &[][..]));
    list.remove(id(2));
    drain(&mut list, &mut puts, &mut deletes, usize::MAX);
    assert_eq!(deletes, [id(2)]);
    assert!(list.drain_dirty(usize::MAX, |_, _| panic!("clean")));
}

#[test]
fn only_what_is_dirty_is_looked_at_and_in_parts() {
    let mut list = PendingList::default();
    (1..=10_000).for_each(|ms| list.put(id(ms), 1, 100, 1));
    let mut parts = 1;
    while !list.drain_dirty(1000, |_, _| {}) {
        parts += 1;
    }
    assert!((10..=11).contains(&parts), "{parts}");
    list.put(id(77), 2, 100, 1);
    list.put(id(77), 3, 100, 1);
    // What comes and goes between two checkpoints does not pile up.
    for ms in 20_000..200_000 {
        list.put(id(ms), 1, 100, 1);
        list.remove(id(ms));
    }
    let mut written = Vec::new();
    assert!(list.drain_dirty(usize::MAX, |id, p| written.push((id, p.is_some()))));
    assert_eq!(written, [(id(77), true)]);
}

/// Ids as `XADD *` makes them: five in a millisecond.
fn usual(n: u64) -> StreamId {
    StreamId::new(1_760_000_000_000 + n / 5, n % 5)
}

/// Any 128 bits.
fn arbitrary(n: u64) -> StreamId {
    StreamId::new(n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29), n.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ n)
}

/// Consumers of the random test; 0 is nobody.
const CONSUMERS: u32 = 4;

struct Play {
    list: PendingList,
    model: Model,
    now_ms: i64,
    added: u64,
}

impl Play {
    fn put(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        self.list.put(id, consumer, delivered_ms, deliveries);
        self.model.put(id, consumer, delivered_ms, deliveries);
    }

    /// Every `step`th pending id from somewhere on.
    fn some(&self, from: u64, step: usize, count: usize) -> Vec<StreamId> {
        let len = self.model.by_id.len().max(1);
        self.model.by_id.keys().skip(from as usize % len).step_by(step).take(count).copied().collect()
    }

    fn restore(&mut self, a: u16, dice: u64) {
        for n in 0..u64::from(a % 300) {
            // A group is read while nothing is known of it; here it may be, so that places collide.
            let (id, order) = (arbitrary(dice.wrapping_add(n) % 1000), dice.wrapping_mul(n + 1) % 5000);
            let (consumer, delivered_ms) = (n as u32 % CONSUMERS, self.now_ms - (dice.wrapping_add(n) % 7) as i64);
            if self.model.records.contains_key(&id) || self.model.by_id.contains_key(&id) {
                continue;
            }
            let taken = self.model.is_taken(consumer, delivered_ms, order);
            self.list.restore(id, consumer, delivered_ms, 3, order);
            let order = if taken { self.model.next_order } else { order };
            self.model.put_at(order, id, consumer, delivered_ms, 3);
            self.model.records.insert(id, (consumer, delivered_ms, 3, order));
        }
    }

    fn turn(&mut self, (kind, a, b, dice): (u8, u16, u16, u64)) {
        let (count, step, consumer) = (usize::from(a % 500), usize::from(b % 7) + 1, 1 + dice as u32 % (CONSUMERS - 1));
        self.now_ms += i64::from(b % 100) - 5;
        match kind {
            0..=3 => (0..count).for_each(|_| {
                self.added += 1 + u64::from(b % 3) * u64::from(b);
                self.put(usual(self.added), consumer, self.now_ms, 1);
            }),
            4 => (0..count as u64).for_each(|n| self.put(arbitrary(dice % 500 + n), consumer, self.now_ms, 1)),
            // Between others, downwards: where leaves are full.
            5 => (0..count as u64).for_each(|n| self.put(usual((self.added / 2).saturating_sub(n)), consumer, 7, 9)),
            6..=8 => self.some(dice, step, count).into_iter().for_each(|id| {
                self.list.remove(id);
                self.model.remove(id);
            }),
            // Most of what is there.
            9 => self.some(0, step, usize::MAX).into_iter().for_each(|id| {
                self.list.remove(id);
                self.model.remove(id);
            }),
            10 => self.some(dice, step, count).into_iter().for_each(|id| self.put(id, consumer, self.now_ms, 5)),
            11 => self.some(dice, step, count).into_iter().for_each(|id| self.put(id, NOBODY, 0, i64::MAX)),
            12 => self.some(dice, step, 9).into_iter().for_each(|id| self.put(id, u32::MAX, -(dice as i64 >> 1), -1)),
            13 => self.restore(a, dice),
            14 => _ = self.model.drain(&mut self.list, usize::from(b)),
            15 => {
                let own = self.model.of_consumer(consumer);
                assert_eq!(self.list.remove_consumer(consumer), own.len());
                own.into_iter().for_each(|id| self.model.remove(id));
            }
            _ => {
                self.list.forget_records();
                self.model.records.clear();
            }
        }
        let (one, other) = (self.some(dice, 1, 1), self.some(dice.rotate_left(9), 1, 1));
        if let (Some(one), Some(other)) = (one.first(), other.first()) {
            self.model.compare_between(&self.list, *one, *other, consumer);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn answers_as_plain_sets_do(turns in prop::collection::vec((0u8..17, any::<u16>(), any::<u16>(), any::<u64>()), 1..60)) {
        let mut play = Play { list: PendingList::default(), model: Model::default(), now_ms: 1_760_000_000_000, added: 0 };
        for (n, turn) in turns.into_iter().enumerate() {
            play.turn(turn);
            if n % 4 == 0 {
                play.model.compare(&play.list, CONSUMERS);
            }
        }
        play.model.compare(&play.list, CONSUMERS);
        while !play.model.drain(&mut play.list, 100) {}
    }
}

/// Bytes per pending entry: `count` at a time to `consumers`.
fn cost(count: u64, consumers: u64, id: impl Fn(u64) -> StreamId) -> usize {
    let mut list = PendingList::default();
    for n in 0..1_000_000 {
        let consumer = 1 + (n / count % consumers) as u32;
        list.put(id(n), consumer, 1_760_000_000_100 + (n / count * count / 5) as i64, 1);
    }
    list.memory().div_ceil(list.len())
}

#[test]
fn a_million_pending_entries_cost_little_each() {
    for (count, consumers, most) in [(1, 1, 20), (10, 1, 20), (100, 1, 20), (1, 50, 20), (10, 50, 20), (100, 50, 20)] {
        let each = cost(count, consumers, usual);
        println!("{count} at a time to {consumers}: {each} bytes");
        assert!(each <= most, "{count} at a time to {consumers}: {each} bytes");
    }
    for consumers in [1, 50] {
        let each = cost(10, consumers, arbitrary);
        println!("arbitrary ids to {consumers}: {each} bytes");
        assert!(each <= 90, "arbitrary ids to {consumers}: {each} bytes");
    }
}

#[test]
fn what_is_acknowledged_gives_its_memory_back() {
    let fill = || {
        let mut list = PendingList::default();
        (0..200_000).for_each(|n| list.put(usual(n), 1 + n as u32 % 3, 1_760_000_000_000 + n as i64 / 10, 1));
        list
    };
    let full = fill().memory();
    // In order, and in no order at all.
    for stride in [1, 7919] {
        let mut list = fill();
        for n in 0..199_000u64 {
            list.remove(usual(n * stride % 200_000));
        }
        assert_eq!(list.len(), 1000);
        assert!(list.memory() < full / 20, "{} of {full}", list.memory());
        (0..200_000).for_each(|n| _ = list.remove(usual(n)));
        assert!(list.memory() < 8000, "{} bytes for nothing", list.memory());
    }
}

#[test]
fn entries_that_move_for_ever_leave_nothing_behind() {
    let mut list = PendingList::default();
    (0..10_000).for_each(|n| list.put(usual(n), 1, 1000, 1));
    let before = list.memory();
    let mut most = 0;
    for n in 0..300_000u64 {
        // One entry goes back and forth, others are claimed here and there, released, and claimed with an older time.
        let id = usual(if n % 2 == 0 { 5000 } else { n * 7919 % 10_000 });
        let consumer = if n % 5 == 0 { NOBODY } else { 1 + n as u32 % 3 };
        let delivered_ms = if n % 5 == 0 { 0 } else { 1000 + n as i64 - (n * 31 % 500) as i64 };
        list.put(id, consumer, delivered_ms, n as i64);
        most = most.max(list.memory());
    }
    assert_eq!(list.len(), 10_000);
    assert!(most < before * 4 && most < 10_000 * 64, "{before} bytes became {most}");
}
