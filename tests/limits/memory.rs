//! More data than `maxmemory`: what is clean leaves memory and comes back when it is asked for; nothing is evicted.

use super::{MIB, call, client, number, resident, start, text, volatile};
use brooklet_testkit::Value;
use brooklet_testkit::client::{PATIENCE, encode};
use brooklet_testkit::server::Data;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn data_beyond_maxmemory_is_served_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(Data::Durable(folder.path().into()), &["--maxmemory", "64mb"]);
    let mut c = client(&server);
    let value = "x".repeat(2000);
    // 400 MB of strings, 80 MB of entries, as fast as they are taken.
    let mut refused = 0;
    let mut most = 0;
    for batch in 0..400 {
        let mut bytes = Vec::new();
        for i in 0..500 {
            let n = batch * 500 + i;
            bytes.extend(encode(&["SET", &format!("k{n}"), &format!("{n}-{value}")]));
        }
        for i in 0..100 {
            bytes.extend(encode(&["XADD", "s", &format!("{}-0", batch * 100 + i + 1), "f", &value]));
        }
        c.send_raw(&bytes).unwrap();
        for _ in 0..600 {
            if let Value::Error(why) = c.read(PATIENCE).unwrap() {
                assert!(why.starts_with(b"OOM "), "{:?}", String::from_utf8_lossy(&why));
                refused += 1;
            }
        }
        most = most.max(resident(&server));
    }
    assert_eq!(refused, 0, "memory that can be given back is no reason to refuse");
    // While a flood settles, what is written exists twice or thrice for a moment.
    assert!(most < 288 * MIB, "{most} bytes resident for a budget of 64 MiB");
    super::until("what memory can give back", || resident(&server) < 112 * MIB);
    assert_eq!(number(&mut c, &["DBSIZE"]), 200_001);
    assert_eq!(number(&mut c, &["XLEN", "s"]), 40_000);
    for n in (0..200_000).step_by(1997) {
        assert_eq!(text(&mut c, &["GET", &format!("k{n}")]), format!("{n}-{value}"));
    }
    for n in (1..=40_000).step_by(997) {
        let entry = call(&mut c, &["XRANGE", "s", &format!("{n}-0"), &format!("{n}-0")]);
        assert_eq!(entry.items().len(), 1, "{n}");
    }
}

/// Old entries read behind a write of the same transaction: the broker has to go to disk in the middle of it.
#[test]
fn nobody_sees_a_part_of_a_transaction_that_reads_from_disk() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(Data::Durable(folder.path().into()), &["--maxmemory", "32mb"]);
    let mut c = client(&server);
    let value = "x".repeat(2000);
    for batch in 0..50 {
        let mut bytes = Vec::new();
        for n in batch * 1000..(batch + 1) * 1000 {
            bytes.extend(encode(&["XADD", "s", &format!("{}-0", n + 1), "f", &value]));
        }
        c.send_raw(&bytes).unwrap();
        (0..1000).for_each(|_| drop(c.read(PATIENCE).unwrap()));
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let (mut other, mut looks) = (client(&server), 0);
            while !done.load(Ordering::Acquire) {
                let seen = call(&mut other, &["MGET", "first", "second"]);
                assert_eq!(seen.items()[0], seen.items()[1], "a part of a transaction was seen");
                looks += 1;
            }
            looks
        });
        for n in 0..300 {
            let (number, id) = (n.to_string(), format!("{}-0", n * 163 + 1));
            for words in
                [&["MULTI"][..], &["SET", "first", &number], &["XRANGE", "s", &id, &id], &["SET", "second", &number]]
            {
                call(&mut c, words);
            }
            let answers = call(&mut c, &["EXEC"]);
            assert_eq!(answers.items()[1].items().len(), 1, "{id}");
        }
        done.store(true, Ordering::Release);
        assert!(looking.join().unwrap() > 10);
    });
}

#[test]
fn memory_that_cannot_be_given_back_refuses_what_needs_more() {
    let server = volatile(&["--maxmemory", "24mb"]);
    let mut c = client(&server);
    let value = "x".repeat(100_000);
    let refused = (0..600).find_map(|n| match call(&mut c, &["SET", &format!("k{n}"), &value]) {
        Value::Error(why) => Some(why),
        _ => {
            std::thread::sleep(std::time::Duration::from_millis(2));
            None
        }
    });
    let why = refused.expect("60 MB were taken into a budget of 24 MB");
    assert_eq!(why, b"OOM command not allowed when used memory > 'maxmemory'.");
    // What reads or frees still runs, and afterwards there is room again.
    assert_eq!(text(&mut c, &["GET", "k0"]), value);
    call(&mut c, &["FLUSHALL"]);
    super::until("room", || call(&mut c, &["SET", "k", "v"]) == Value::Simple(b"OK".to_vec()));
}
