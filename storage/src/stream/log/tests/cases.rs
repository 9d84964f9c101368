//! The corners that have a name.

use super::super::{CutLimit, IdRange, Log, NodeLimits};
use super::model::Pair;
use crate::id::StreamId;
use std::ops::ControlFlow;

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
        let limit = CutLimit { entries: (log.len() - keep).min(at_most), below: None };
        log.node_cut(None, limit).unwrap().map(|cut| (cut.removed, log.first_from(cut.kept_from).unwrap()))
    };
    assert_eq!(cut(&log, 200, u64::MAX), Some((100, Some(id(101)))));
    log.trim(id(31), 30);
    assert_eq!(cut(&log, 200, u64::MAX), Some((70, Some(id(101)))));
    assert_eq!(cut(&log, 50, 169), Some((70, Some(id(101)))));
    assert_eq!(cut(&log, 0, u64::MAX), Some((320, None)));
    log.delete(id(40));
    assert_eq!(cut(&log, 251, u64::MAX), None);
    assert_eq!(cut(&log, 250, u64::MAX), Some((69, Some(id(101)))));
}

/// What is only on disk and has to be loaded for a `~` cut, while no more than `pinned` loads stay in memory.
fn loads_for(p: &mut Pair, limit: CutLimit, pinned: usize) -> Vec<u64> {
    let mut named: Vec<u64> = Vec::new();
    for _ in 0..100 {
        match p.log.node_cut(None, limit) {
            Ok(cut) => {
                assert!(cut.is_some());
                return named;
            }
            Err(cold) => {
                named.extend(cold.0.iter().map(|c| c.ordinal));
                if named.len() > pinned {
                    p.log.evict(named[named.len() - pinned - 1]);
                }
                p.load(cold);
            }
        }
    }
    panic!("livelock: {named:?}");
}

#[test]
fn a_cut_far_inside_a_cold_stream_reads_the_chunk_of_the_cut_only() {
    let mut p = pair(2000, 1000);
    p.settle();
    p.evict();
    let chunks = p.log.sealed.len() as u64;
    let by_count = loads_for(&mut p, CutLimit { entries: 1000, below: None }, 1);
    assert_eq!(by_count.len(), 1, "{by_count:?} of {chunks}");
    p.evict();
    let by_id = loads_for(&mut p, CutLimit { entries: u64::MAX, below: Some(id(1000)) }, 2);
    assert!(by_id.len() <= 2, "{by_id:?} of {chunks}");
}

#[test]
fn a_node_larger_than_memory_is_looked_through_chunk_by_chunk() {
    let mut p = Pair::default();
    for ms in 1..=600 {
        p.last = id(ms);
        p.live.insert(id(ms), vec![0; 1000]);
        p.log.append(id(ms), &[0; 1000], NodeLimits { entries: if ms > 10 { 0 } else { 10 }, bytes: 0 });
        if ms == 10 {
            p.log.node = Default::default();
        }
    }
    p.settle();
    p.evict();
    // Nothing but one chunk is ever in memory, and still the search comes to an end.
    let named = loads_for(&mut p, CutLimit { entries: 500, below: None }, 1);
    assert!(named.len() <= p.log.sealed.len(), "{named:?}");
    p.evict();
    assert_eq!(loads_for(&mut p, CutLimit { entries: 500, below: None }, 1).len(), 1, "what was learned stays known");
}

#[test]
fn a_walk_over_nodes_ends_where_the_next_one_can_begin() {
    let mut p = pair(3000, 100);
    p.settle();
    p.evict();
    let (mut from, mut seen, mut walks) = (StreamId::MIN, Vec::new(), 0);
    loop {
        let (next, some) = p.ask(|log| {
            let mut some = Vec::new();
            let next = log.walk_nodes(from, 40_000, None, |live, _| {
                some.extend_from_slice(live);
                ControlFlow::Continue(())
            });
            next.map(|next| (next, some))
        });
        seen.extend(some);
        walks += 1;
        p.evict();
        match next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(seen, p.live.keys().copied().collect::<Vec<_>>());
    assert!(walks > 5, "{walks}");
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
