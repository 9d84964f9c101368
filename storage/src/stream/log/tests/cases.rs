//! The corners that have a name.

use super::super::{IdRange, Log, NodeLimits};
use super::model::Pair;
use crate::id::StreamId;

fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 1)
}

/// A log of `1-1` to `n-1`, `len` bytes each.
fn pair(n: u64, len: usize) -> Pair {
    let mut pair = Pair::default();
    (1..=n).for_each(|ms| pair.append(id(ms), vec![ms as u8; len]));
    pair
}

fn small(n: u64) -> Log {
    let mut log = Log::default();
    (1..=n).for_each(|ms| {
        log.append(id(ms), &[0; 10], NodeLimits::default());
    });
    log
}

#[test]
fn a_log_that_was_emptied_begins_anew_even_below() {
    for empty in [|p: &mut Pair| p.trim(100), |p: &mut Pair| (1..=100).for_each(|ms| p.delete(id(ms)))] {
        let mut p = pair(100, 900);
        p.settle();
        p.evict();
        empty(&mut p);
        p.check_whole();
        p.lower_top(id(4));
        (5..=90).for_each(|ms| p.append(id(ms), vec![1; 900]));
        p.check_place(id(1), id(200), 200);
        p.reload();
        p.check_place(id(1), id(200), 200);
    }
}

#[test]
fn deleted_entries_at_the_end_do_not_stand_in_the_way_of_lower_ids() {
    let mut p = pair(60, 900);
    (20..=60).for_each(|ms| p.delete(id(ms)));
    p.lower_top(id(19));
    (20..=70).for_each(|ms| p.append(StreamId::new(ms, 0), vec![2; 900]));
    p.check_whole();
    p.check_place(id(1), id(99), 100);
    p.reload();
    p.check_place(id(1), id(99), 100);
}

#[test]
fn the_first_and_the_last_of_a_chunk_can_go() {
    let mut p = pair(60, 1000);
    let bases: Vec<StreamId> = p.log.sealed.iter().map(|c| c.base).collect();
    p.settle();
    p.evict();
    for base in bases {
        p.delete(base);
        p.delete(StreamId::new(base.ms + 14, 1));
        p.check_whole();
        p.check_place(base, id(60), 5);
    }
}

#[test]
fn a_chunk_of_dead_entries_is_skipped_and_leaves_with_the_head() {
    let mut p = pair(80, 1000);
    (20..=60).for_each(|ms| p.delete(id(ms)));
    p.settle();
    p.evict();
    p.check_place(id(15), id(65), 10);
    assert_eq!(p.ask(|log| log.rank(id(40))), 19);
    p.trim(20);
    p.check_whole();
    assert_eq!(p.log.first_id(), id(62));
}

#[test]
fn dead_chunks_at_the_front_do_not_pile_up() {
    let mut p = pair(500, 1000);
    (1..=499).for_each(|ms| p.delete(id(ms)));
    assert!(p.log.chunks() <= 1);
}

#[test]
fn whole_nodes_go_and_a_head_that_was_cut_exactly_is_a_smaller_node() {
    let mut log = small(350);
    let cut = |log: &Log, keep: u64, at_most: u64| {
        let len = log.len();
        log.node_cut(None, |gone, node, _| len - gone - node >= keep && gone + node <= at_most).unwrap()
    };
    assert_eq!(cut(&log, 200, u64::MAX), Some((100, id(100))));
    log.trim(id(31), 30);
    assert_eq!(cut(&log, 200, u64::MAX), Some((70, id(100))));
    assert_eq!(cut(&log, 50, 169), Some((70, id(100))));
    assert_eq!(cut(&log, 0, u64::MAX), Some((320, id(350))));
    log.delete(id(40));
    assert_eq!(cut(&log, 251, u64::MAX), None);
    assert_eq!(cut(&log, 250, u64::MAX), Some((69, id(100))));
}

#[test]
fn trimming_one_by_one_does_not_walk_what_is_gone() {
    let mut log = small(1);
    for ms in 2..20_000 {
        log.append(id(ms), &[0; 10], NodeLimits::default());
        let first = log.nth(1).unwrap().unwrap();
        assert_eq!(first, id(ms));
        log.trim(first, 1);
        assert_eq!(log.range(IdRange::ALL, 9).unwrap().len(), 1);
    }
    assert!(log.chunks() <= 2);
}
