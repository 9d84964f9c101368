//! The manual clock: what takes minutes elsewhere takes a millisecond here.

use super::{bulk, group, number};
use brooklet::{Broker, Reply};
use std::time::{Duration, Instant};

fn manual() -> Broker {
    Broker::builder().manual_clock().build().unwrap()
}

#[test]
fn a_claim_after_a_minute_takes_no_time() {
    let began = Instant::now();
    let broker = manual();
    let session = broker.session();
    group(&session, "s");
    session.call(["XADD", "s", "1-1", "f", "v"]).unwrap();
    session.call(["XREADGROUP", "GROUP", "g", "crashed", "STREAMS", "s", ">"]).unwrap();
    broker.advance(Duration::from_secs(60));
    let pending = broker.stream("s").unwrap().unwrap().group("g").unwrap().pending().to_vec();
    assert_eq!((pending[0].idle_ms, pending[0].deliveries), (60_000, 1));
    session.call(["XAUTOCLAIM", "s", "g", "healthy", "60000", "0"]).unwrap();
    let pending = broker.stream("s").unwrap().unwrap().group("g").unwrap().pending().to_vec();
    assert_eq!((pending[0].consumer.as_slice(), pending[0].idle_ms, pending[0].deliveries), (&b"healthy"[..], 0, 2));
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn ids_come_from_the_clock() {
    let broker = Broker::builder().manual_clock_at(5000).build().unwrap();
    let session = broker.session();
    let first = session.call(["XADD", "s", "*", "f", "v"]).unwrap();
    assert_eq!(first, Reply::Id(brooklet::StreamId::new(5000, 0)));
    broker.advance(Duration::from_millis(7));
    let second = session.call(["XADD", "s", "*", "f", "v"]).unwrap();
    assert_eq!(second, Reply::Id(brooklet::StreamId::new(5007, 0)));
}

#[test]
fn a_lock_vanishes_exactly_at_its_deadline() {
    let broker = manual();
    let session = broker.session();
    session.call(["SET", "lock", "me", "NX", "PX", "1000"]).unwrap();
    broker.advance(Duration::from_millis(999));
    assert_eq!(session.call(["GET", "lock"]).unwrap(), bulk("me"));
    broker.advance(Duration::from_millis(1));
    assert_eq!(session.call(["GET", "lock"]).unwrap(), Reply::Null);
    assert_eq!(number(session.call(["DBSIZE"]).unwrap()), 0);
}

#[test]
fn a_blocked_reader_times_out_when_the_clock_says_so() {
    let broker = manual();
    let reader = broker.session();
    let read = std::thread::spawn(move || reader.call(["XREAD", "BLOCK", "5000", "STREAMS", "s", "$"]).unwrap());
    while !format!("{:?}", broker.session().call(["INFO", "clients"]).unwrap()).contains("blocked_clients:1") {
        std::thread::sleep(Duration::from_millis(1));
    }
    broker.advance(Duration::from_millis(4999));
    std::thread::sleep(Duration::from_millis(20));
    assert!(!read.is_finished(), "a millisecond too early");
    broker.advance(Duration::from_millis(1));
    assert_eq!(read.join().unwrap(), Reply::NullArray);
}

#[test]
fn time_passes_in_a_broker_that_does_not_listen() {
    let broker = Broker::in_memory();
    let session = broker.session();
    session.call(["SET", "lock", "me", "PX", "30"]).unwrap();
    let began = Instant::now();
    let read = session.call(["XREAD", "BLOCK", "50", "STREAMS", "s", "$"]).unwrap();
    assert_eq!(read, Reply::NullArray);
    // Deadlines are whole milliseconds of the clock, as in the reference: it began somewhere inside of one.
    assert!(began.elapsed() >= Duration::from_millis(49), "{:?}", began.elapsed());
    while !format!("{:?}", session.call(["INFO", "stats"]).unwrap()).contains("expired_keys:1") {
        assert!(began.elapsed() < Duration::from_secs(10), "the sweep never came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_killed_session_stops_waiting() {
    let broker = Broker::in_memory();
    let reader = broker.session();
    let id = reader.id().to_string();
    let read = std::thread::spawn(move || reader.call(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]));
    let other = broker.session();
    while !format!("{:?}", other.call(["INFO", "clients"]).unwrap()).contains("blocked_clients:1") {
        std::thread::sleep(Duration::from_millis(1));
    }
    other.call(["CLIENT", "KILL", "ID", &id]).unwrap();
    assert!(matches!(read.join().unwrap(), Err(brooklet::Error::Ended)));
}

#[test]
fn a_client_that_leaves_no_trace_does_not_use_keys() {
    let broker = manual();
    let session = broker.session();
    let idle_s = || session.call(["OBJECT", "IDLETIME", "k"]).unwrap();
    session.call(["SET", "k", "v"]).unwrap();
    session.call(["CLIENT", "NO-TOUCH", "ON"]).unwrap();
    broker.advance(Duration::from_secs(100));
    session.call(["GET", "k"]).unwrap();
    assert_eq!(idle_s(), Reply::Integer(100));
    session.call(["TOUCH", "k"]).unwrap();
    assert_eq!(idle_s(), Reply::Integer(0), "that is what TOUCH is for");
    broker.advance(Duration::from_secs(100));
    session.call(["CLIENT", "NO-TOUCH", "OFF"]).unwrap();
    session.call(["GET", "k"]).unwrap();
    assert_eq!(idle_s(), Reply::Integer(0));
}
