//! What every backend promises, as tests: the same cases run against memory and against RocksDB.
//!
//! Owns: the cases, and small helpers for tests of backends. Must never know: which backend it is testing.
//! Read next: `memory.rs` and `rocks/tests.rs`, which run it.

#![cfg(any(feature = "memory", feature = "rocksdb"))]

use super::{Backend, Space, Write};
use std::ops::ControlFlow;
use std::sync::mpsc;

/// Keys and values in order.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Makes one `#[test]` per case. `$fresh` is an expression for a new, empty backend; it is kept alive as given, so it
/// may be a tuple struct that also owns a temporary folder, if it dereferences to the backend.
macro_rules! cases {
    ($fresh:expr) => {
        $crate::backend::conformance::cases!($fresh;
            get_put_delete, empty_values, spaces_are_separate, order_and_bounds, early_break, range_delete,
            later_wins, reclaim_removes_exactly_the_range, consistent_scan, whole_batches_are_seen, stats_answer);
    };
    ($fresh:expr; $($case:ident),+) => {
        $(#[test]
        fn $case() {
            $crate::backend::conformance::$case(&$fresh);
        })+
    };
}
pub(super) use cases;

/// A put, shorter.
pub fn put(space: Space, key: &[u8], value: &[u8]) -> Write {
    Write::Put(space, key.to_vec(), value.to_vec().into())
}

/// `from..to` of a space.
pub fn range(backend: &dyn Backend, space: Space, from: &[u8], to: &[u8]) -> Pairs {
    let mut pairs = Vec::new();
    let mut visit = |key: &[u8], value: &[u8]| {
        pairs.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    };
    backend.scan(space, from, to, &mut visit).unwrap();
    pairs
}

/// All of a space (no test uses keys from `[0xff; 9]` on).
pub fn contents(backend: &dyn Backend, space: Space) -> Pairs {
    range(backend, space, &[], &[0xff; 9])
}

fn keys(pairs: &Pairs) -> Vec<&[u8]> {
    pairs.iter().map(|(key, _)| key.as_slice()).collect()
}

fn fill(backend: &dyn Backend, space: Space, keys: &[&[u8]]) {
    let writes: Vec<Write> = keys.iter().map(|key| put(space, key, b"v")).collect();
    backend.write(&writes).unwrap();
}

pub fn get_put_delete(backend: &dyn Backend) {
    assert_eq!(backend.get(Space::Names, b"k").unwrap(), None);
    backend.write(&[put(Space::Names, b"k", b"1")]).unwrap();
    assert_eq!(backend.get(Space::Names, b"k").unwrap().as_deref(), Some(&b"1"[..]));
    backend.write(&[put(Space::Names, b"k", b"2")]).unwrap();
    backend.flush().unwrap();
    assert_eq!(backend.get(Space::Names, b"k").unwrap().as_deref(), Some(&b"2"[..]));
    let gone = [Write::Delete(Space::Names, b"k".to_vec()), Write::Delete(Space::Names, b"absent".to_vec())];
    backend.write(&gone).unwrap();
    assert_eq!(backend.get(Space::Names, b"k").unwrap(), None);
    backend.write(&[]).unwrap();
    backend.flush().unwrap();
    backend.flush().unwrap();
    assert_eq!(backend.get(Space::Names, b"k").unwrap(), None);
}

pub fn empty_values(backend: &dyn Backend) {
    backend.write(&[put(Space::Values, b"k", b"")]).unwrap();
    assert_eq!(backend.get(Space::Values, b"k").unwrap(), Some(Vec::new()));
    backend.flush().unwrap();
    assert_eq!(contents(backend, Space::Values), vec![(b"k".to_vec(), Vec::new())]);
}

pub fn spaces_are_separate(backend: &dyn Backend) {
    let writes: Vec<Write> = Space::ALL.iter().map(|space| put(*space, b"k", &[*space as u8])).collect();
    backend.write(&writes).unwrap();
    backend.write(&[Write::Delete(Space::Index, b"k".to_vec())]).unwrap();
    backend.reclaim(Space::Pending, b"a", b"z").unwrap();
    for space in Space::ALL {
        let expected = match space {
            Space::Index | Space::Pending => None,
            other => Some(vec![other as u8]),
        };
        assert_eq!(backend.get(space, b"k").unwrap(), expected, "{space:?}");
    }
}

pub fn order_and_bounds(backend: &dyn Backend) {
    fill(backend, Space::Index, &[b"b", b"a", b"ab", b"\xff\xff", b"a\0", b"c", &[0]]);
    backend.flush().unwrap();
    fill(backend, Space::Index, &[b"aa", b"b\0"]);
    let all = contents(backend, Space::Index);
    assert_eq!(keys(&all), [&[0][..], b"a", b"a\0", b"aa", b"ab", b"b", b"b\0", b"c", b"\xff\xff"]);
    assert_eq!(keys(&range(backend, Space::Index, b"a", b"b")), [&b"a"[..], b"a\0", b"aa", b"ab"]);
    assert_eq!(keys(&range(backend, Space::Index, b"a\0", b"a\0\0")), [&b"a\0"[..]]);
    assert!(range(backend, Space::Index, b"d", b"e").is_empty());
    assert!(range(backend, Space::Index, b"b", b"b").is_empty());
    assert!(range(backend, Space::Index, b"c", b"a").is_empty(), "an inverted range is empty, not an error");
    assert!(range(backend, Space::Index, b"", b"").is_empty());
}

pub fn early_break(backend: &dyn Backend) {
    fill(backend, Space::Pending, &[b"a", b"b", b"c"]);
    let mut seen = Vec::new();
    let mut visit = |key: &[u8], _: &[u8]| {
        seen.push(key.to_vec());
        if key == b"b" { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    backend.scan(Space::Pending, b"a", b"z", &mut visit).unwrap();
    assert_eq!(seen, [b"a", b"b"]);
}

pub fn range_delete(backend: &dyn Backend) {
    fill(backend, Space::Values, &[b"a", b"b", b"c", b"d"]);
    backend.flush().unwrap();
    backend.write(&[Write::DeleteRange(Space::Values, b"b".to_vec(), b"d".to_vec())]).unwrap();
    assert_eq!(keys(&contents(backend, Space::Values)), [b"a", b"d"]);
    assert_eq!(backend.get(Space::Values, b"c").unwrap(), None);
    let nothing = [
        Write::DeleteRange(Space::Values, b"d".to_vec(), b"a".to_vec()),
        Write::DeleteRange(Space::Values, b"a".to_vec(), b"a".to_vec()),
    ];
    backend.write(&nothing).unwrap();
    fill(backend, Space::Values, &[b"c"]);
    backend.flush().unwrap();
    assert_eq!(keys(&contents(backend, Space::Values)), [b"a", b"c", b"d"]);
}

pub fn later_wins(backend: &dyn Backend) {
    let all = || Write::DeleteRange(Space::Meta, b"".to_vec(), b"z".to_vec());
    let batch = [
        put(Space::Meta, b"lost", b"1"),
        put(Space::Meta, b"twice", b"1"),
        all(),
        put(Space::Meta, b"twice", b"2"),
        put(Space::Meta, b"twice", b"3"),
        put(Space::Meta, b"gone", b"1"),
        Write::Delete(Space::Meta, b"gone".to_vec()),
        Write::Delete(Space::Meta, b"back".to_vec()),
        put(Space::Meta, b"back", b"1"),
    ];
    backend.write(&batch).unwrap();
    let expected = vec![(b"back".to_vec(), b"1".to_vec()), (b"twice".to_vec(), b"3".to_vec())];
    assert_eq!(contents(backend, Space::Meta), expected);
    backend.flush().unwrap();
    assert_eq!(contents(backend, Space::Meta), expected);
}

/// The bound is exclusive even where a file ends with exactly that key.
pub fn reclaim_removes_exactly_the_range(backend: &dyn Backend) {
    for (from, to) in [(&b"b"[..], &b"d"[..]), (b"b", b"d\0"), (b"b", b"b"), (b"d", b"b"), (b"", b"\0")] {
        backend.write(&[Write::DeleteRange(Space::Chunks, b"".to_vec(), b"z".to_vec())]).unwrap();
        for key in [b"a", b"b", b"c", b"d", b"e"] {
            fill(backend, Space::Chunks, &[key]);
            backend.flush().unwrap();
        }
        backend.reclaim(Space::Chunks, from, to).unwrap();
        let expected: Vec<&[u8]> =
            [&b"a"[..], b"b", b"c", b"d", b"e"].into_iter().filter(|key| !(from..to).contains(key)).collect();
        assert_eq!(keys(&contents(backend, Space::Chunks)), expected, "{from:?}..{to:?}");
        backend.flush().unwrap();
        assert_eq!(keys(&contents(backend, Space::Chunks)), expected, "{from:?}..{to:?}");
    }
}

/// A writer on another thread finishes *during* the scan, which must go on as if nothing had happened.
pub fn consistent_scan(backend: &dyn Backend) {
    fill(backend, Space::Values, &[b"a", b"b", b"c"]);
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let (start, started) = mpsc::channel::<()>();
        let (done, finished) = mpsc::channel::<()>();
        scope.spawn(move || {
            started.recv().unwrap();
            let change = [
                put(Space::Values, b"b", b"changed"),
                Write::Delete(Space::Values, b"c".to_vec()),
                put(Space::Values, b"d", b"new"),
            ];
            backend.write(&change).unwrap();
            backend.flush().unwrap();
            done.send(()).unwrap();
        });
        let mut visit = |key: &[u8], value: &[u8]| {
            if seen.is_empty() {
                start.send(()).unwrap();
                finished.recv().unwrap();
            }
            seen.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        };
        backend.scan(Space::Values, b"a", b"z", &mut visit).unwrap();
    });
    assert_eq!(seen, [b"a", b"b", b"c"].map(|key| (key.to_vec(), b"v".to_vec())));
    assert_eq!(keys(&contents(backend, Space::Values)), [b"a", b"b", b"d"]);
}

/// Each batch writes one number under all keys: a scan that mixes two numbers saw half a batch.
pub fn whole_batches_are_seen(backend: &dyn Backend) {
    let round = |number: u32| {
        let writes: Vec<Write> = (0..20u8).map(|key| put(Space::Values, &[key], &number.to_be_bytes())).collect();
        backend.write(&writes).unwrap();
    };
    round(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..300).for_each(round));
        while !writer.is_finished() {
            let seen = contents(backend, Space::Values);
            assert_eq!(seen.len(), 20);
            assert!(seen.iter().all(|(_, number)| *number == seen[0].1));
        }
    });
}

pub fn stats_answer(backend: &dyn Backend) {
    backend.write(&[put(Space::Values, b"k", &[7; 100_000])]).unwrap();
    let stats = backend.stats();
    assert!(stats.memtable_bytes >= 100_000, "{stats:?}");
    assert_eq!(stats.background_errors, 0);
}
