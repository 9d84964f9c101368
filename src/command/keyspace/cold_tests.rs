//! Verbs over keys that are only on disk: what they answer, how often they have to load, and what they leave there.

use crate::broker::clock::Clock;
use crate::command::cold_kit::{Broker, texts, whatever_the_chunks};
use crate::reply::Reply;
use std::collections::BTreeSet;

impl Broker {
    fn scan(&mut self, options: &str) -> BTreeSet<String> {
        let (mut cursor, mut names) = ("0".to_owned(), BTreeSet::new());
        loop {
            let Reply::Array(parts) = self.call(&format!("SCAN {cursor}{options}")) else { panic!("no array") };
            names.extend(texts(&parts[1]));
            cursor = texts(&parts[0]).remove(0);
            if cursor == "0" {
                return names;
            }
        }
    }

    fn resident_bytes(&mut self) -> usize {
        let Reply::Integer(n) = self.call("MEMORY USAGE s") else { panic!("no number") };
        n as usize
    }
}

fn strings(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("SET k{i} v{i}")).collect()
}

fn with_strings(count: usize, more: &[&str]) -> Broker {
    let all = strings(count);
    Broker::after(&all.iter().map(String::as_str).chain(more.iter().copied()).collect::<Vec<_>>())
}

#[test]
fn keys_and_scan_read_names_only() {
    let mut broker = with_strings(300, &["XADD s 1-1 f v", "SET brief v PXAT 1000100"]);
    let (loads, all) = broker.counted("KEYS *");
    assert_eq!((loads, texts(&all).len()), (1, 302));
    assert_eq!(texts(&broker.call("KEYS k1?")).len(), 10);
    assert_eq!(broker.scan(""), texts(&all).into_iter().collect());
    assert_eq!(broker.scan(" COUNT 7 TYPE stream"), BTreeSet::from(["s".to_owned()]));
    assert_eq!(broker.scan(" MATCH k29* COUNT 1000").len(), 11);
    assert_eq!(broker.call("DBSIZE"), Reply::Integer(302));
    assert!(broker.engine.names.is_empty(), "names are let go when the call is answered");
    let (loads, name) = broker.counted("RANDOMKEY");
    assert!(loads == 1 && texts(&all).contains(&texts(&name)[0]));
}

#[test]
fn many_keys_are_one_load() {
    let mut broker = with_strings(50, &[]);
    let names: Vec<String> = (0..50).map(|i| format!("k{i}")).collect();
    for verb in ["MGET", "EXISTS", "TOUCH", "DEL"] {
        let mut fresh = with_strings(50, &[]);
        assert_eq!(fresh.counted(&format!("{verb} {} none", names.join(" "))).0, 1, "{verb}");
    }
    assert_eq!(broker.counted("MSETNX new 1 k3 2 k4 3"), (1, Reply::Integer(0)));
    assert_eq!(broker.counted("LCS k5 k6 LEN"), (1, Reply::Integer(1)));
    assert_eq!(broker.counted("RENAME k7 k8").0, 1);
    assert_eq!(texts(&broker.call("GET k8")), ["v7"]);
}

#[test]
fn a_deadline_counts_before_the_key_is_loaded() {
    let mut broker = Broker::after(&["SET a v PXAT 1000000000", "SET b v PXAT 1000500"]);
    let Clock::Manual(clock) = broker.engine.clock.clone() else { panic!("manual") };
    clock.advance(std::time::Duration::from_millis(500));
    assert_eq!(texts(&broker.call("KEYS ?")), ["a"]);
    assert_eq!(broker.call("DBSIZE"), Reply::Integer(1));
    assert_eq!(texts(&broker.call("RANDOMKEY")), ["a"]);
    assert_eq!(broker.call("EXISTS a b"), Reply::Integer(1));
    assert_eq!(broker.call("SET b w NX"), Reply::OK);
}

#[test]
fn whole_streams_move_between_databases() {
    let value = "x".repeat(1000);
    let calls: Vec<String> = (1..200).map(|i| format!("XADD s {i}-1 f {value}")).collect();
    let mut broker = Broker::after(&calls.iter().map(String::as_str).collect::<Vec<_>>());
    let before = broker.resident_bytes();
    assert!(before < 40_000, "chunks stay on disk: {before}");
    assert_eq!(broker.call("COPY s t"), Reply::Integer(1));
    assert_eq!(broker.call("MOVE s 1"), Reply::Integer(1));
    assert_eq!(broker.call("RENAME t s"), Reply::OK);
    assert_eq!(broker.call("XLEN s"), Reply::Integer(199));
    assert!(broker.resident_bytes() > 150_000);
    broker.call("SELECT 1");
    assert_eq!(broker.call("XLEN s"), Reply::Integer(199));
}

#[test]
fn looking_at_a_key_is_no_use() {
    let mut broker = Broker::after(&["SET k v"]);
    broker.call("GET k");
    let Clock::Manual(clock) = broker.engine.clock.clone() else { panic!("manual") };
    clock.advance(std::time::Duration::from_secs(10));
    for call in ["TYPE k", "TTL k", "EXISTS k", "OBJECT ENCODING k", "MEMORY USAGE k"] {
        broker.call(call);
    }
    assert_eq!(broker.call("OBJECT IDLETIME k"), Reply::Integer(10));
    broker.call("TOUCH k");
    assert_eq!(broker.call("OBJECT IDLETIME k"), Reply::Integer(0));
}

/// A stream of about 5 MiB that two groups have read, with gaps in what is pending.
fn delivered_stream() -> Vec<String> {
    let value = "x".repeat(1000);
    let mut calls: Vec<String> = (1..=5000).map(|i| format!("XADD s {i}-1 f {value}")).collect();
    calls.extend(["XGROUP CREATE s a 0", "XGROUP CREATE s b 0"].map(str::to_owned));
    calls.push("XREADGROUP GROUP a c COUNT 5000 STREAMS s >".to_owned());
    calls.push("XREADGROUP GROUP b c COUNT 4500 STREAMS s >".to_owned());
    for first in (1..=5000).step_by(500) {
        // Of every 500 the first 300 are acknowledged, and the 50 before the last 50 deleted.
        let ids = |from: usize, to: usize| (from..to).map(|i| format!("{i}-1")).collect::<Vec<_>>().join(" ");
        calls.push(format!("XACK s a {}", ids(first, first + 300)));
        calls.push(format!("XACK s b {}", ids(first, first + 250)));
        calls.push(format!("XDEL s {}", ids(first + 400, first + 450)));
    }
    calls
}

#[test]
fn trimming_a_cold_stream_ends_however_small_the_cache_is() {
    let calls = delivered_stream();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    for trim in [
        "XTRIM s MAXLEN ~ 100 LIMIT 0",
        "XTRIM s MINID ~ 4000-0 LIMIT 0",
        "XTRIM s MAXLEN 200",
        "XTRIM s MAXLEN ~ 200 LIMIT 0 ACKED",
        "XTRIM s MAXLEN ~ 200 LIMIT 1000 ACKED",
        "XTRIM s MAXLEN 200 ACKED",
        "XTRIM s MINID 4200 ACKED",
        "XTRIM s MAXLEN 200 DELREF",
        "XTRIM s MAXLEN ~ 200 LIMIT 0 DELREF",
        "XTRIM s MINID ~ 4200 LIMIT 2000 DELREF",
        "XADD s MAXLEN 200 DELREF 9000-1 f v",
        "XADD s MAXLEN ~ 200 LIMIT 0 ACKED 9000-1 f v",
    ] {
        let (mut warm, mut cold) = (Broker::warm(&calls), Broker::after(&calls));
        cold.cache = 2 << 20;
        assert_eq!(cold.call(trim), warm.call(trim), "{trim}");
        assert!(cold.engine.progress.is_empty(), "{trim}");
        for look in ["XLEN s", "XPENDING s a", "XPENDING s b", "XINFO STREAM s", "XINFO GROUPS s"] {
            let (cold, warm) = (cold.call(look), warm.call(look));
            assert_eq!(whatever_the_chunks(cold), whatever_the_chunks(warm), "{look} after {trim}");
        }
        let ids = |broker: &mut Broker| {
            let stream = broker.engine.store.find(0, b"s").unwrap().unwrap();
            let log = &broker.engine.store.stream(stream).unwrap().log;
            log.ids(brooklet_storage::stream::log::IdRange::ALL).map_err(|cold| {
                let missing = broker.engine.store.missing_chunks(stream, cold);
                let loaded = missing.read(&*broker.backend).unwrap();
                broker.engine.install(broker.client, loaded);
            })
        };
        let _ = ids(&mut cold);
        assert_eq!(ids(&mut cold), ids(&mut warm), "{trim}");
        // In a transaction it has to have everything at once.
        let (mut warm, mut cold) = (Broker::warm(&calls), Broker::after(&calls));
        let queue = ["SET before it", trim, "XLEN s"];
        assert_eq!(cold.transaction(&queue), warm.transaction(&queue), "{trim} in a transaction");
    }
}
