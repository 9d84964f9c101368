//! What a pending entry costs: instructions to deliver and acknowledge it, and bytes while it is pending.
//!
//! `cargo build --release -p brooklet-storage --no-default-features --features memory --example pending`, then
//! `valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect='*measured*' target/release/examples/pending fifo 10 1`
//! (`fifo`, `window` or `shuffled`: how entries are acknowledged; entries of a delivery; consumers).

use brooklet_storage::StreamId;
use brooklet_storage::stream::pending::PendingList;
use std::env;
use std::hint::black_box;

/// Entries of one run.
const ENTRIES: usize = 200_000;
/// Entries that stay pending behind those that are acknowledged at once.
const WINDOW: usize = 1000;

/// Entries come at five in a millisecond.
fn id(n: usize) -> StreamId {
    StreamId::new(1_760_000_000_000 + n as u64 / 5, n as u64 % 5)
}

fn deliver(list: &mut PendingList, from: usize, count: usize, consumers: usize) {
    let at_ms = 1_760_000_000_100 + from as i64 / 5;
    let consumer = 1 + (from / count % consumers) as u32;
    for n in from..from + count {
        list.put(id(n), consumer, at_ms, 1);
    }
}

fn acknowledge(list: &mut PendingList, id: StreamId) {
    if black_box(list.contains(id)) {
        list.remove(id);
    }
}

/// A number that a permutation of the first `ENTRIES` has at `n`.
fn shuffled(n: usize) -> usize {
    n * 7919 % ENTRIES
}

#[inline(never)]
fn measured(list: &mut PendingList, kind: &str, count: usize, consumers: usize) {
    match kind {
        "fifo" => (0..ENTRIES).step_by(count).for_each(|from| {
            deliver(list, from, count, consumers);
            (from..from + count).filter(|n| *n >= WINDOW).for_each(|n| acknowledge(list, id(n - WINDOW)));
        }),
        // Acknowledged in no order, but soon.
        "window" => (0..ENTRIES).step_by(WINDOW).for_each(|start| {
            (start..start + WINDOW).step_by(count).for_each(|from| deliver(list, from, count, consumers));
            let before = (0..WINDOW).filter(|_| start > 0).map(|n| start - WINDOW + n * 619 % WINDOW);
            before.for_each(|n| acknowledge(list, id(n)));
        }),
        _ => {
            (0..ENTRIES).step_by(count).for_each(|from| deliver(list, from, count, consumers));
            if kind == "shuffled" {
                (0..ENTRIES).for_each(|n| acknowledge(list, id(shuffled(n))));
            }
        }
    }
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let number = |n: usize| args.get(n).and_then(|a| a.parse().ok()).unwrap_or(1);
    let kind = args.get(1).map_or("fifo", |kind| kind);
    let mut list = PendingList::default();
    measured(&mut list, kind, number(2), number(3));
    let left = [("fifo", WINDOW), ("window", WINDOW), ("shuffled", 0)];
    assert_eq!(list.len(), left.iter().find(|(k, _)| *k == kind).map_or(ENTRIES, |(_, left)| *left));
}
