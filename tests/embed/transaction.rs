//! MULTI and EXEC of sessions in process: all of it or nothing, for everybody.

use super::{bulk, number};
use brooklet::{Broker, Error, Reply, Session};
use std::sync::atomic::{AtomicBool, Ordering};

fn transaction(session: &Session, calls: &[&str]) -> Reply {
    session.call(["MULTI"]).unwrap();
    for call in calls {
        assert_eq!(session.call(call.split(' ')).unwrap(), Reply::Status("QUEUED".into()), "{call}");
    }
    session.call(["EXEC"]).unwrap()
}

fn items(reply: Reply) -> Vec<Reply> {
    match reply {
        Reply::Array(items) => items,
        other => panic!("no array: {other:?}"),
    }
}

#[test]
fn nobody_sees_a_half() {
    let broker = Broker::in_memory();
    let (writer, reader) = (broker.session(), broker.session());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..2000 {
                transaction(&writer, &["INCR a", "XADD s * f v", "INCR b", "SET c x", "DEL c"]);
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            let Reply::Array(both) = reader.call(["MGET", "a", "b"]).unwrap() else { panic!("an array") };
            assert_eq!(both[0], both[1]);
            assert_eq!(number(reader.call(["EXISTS", "c"]).unwrap()), 0);
            let state = items(transaction(&reader, &["XLEN s", "GET a"]));
            let appended = number(state[0].clone());
            assert!(state[1] == bulk(&appended.to_string()) || appended == 0, "{state:?}");
        }
    });
    assert_eq!(number(reader.call(["XLEN", "s"]).unwrap()), 2000);
}

#[test]
fn a_counter_that_is_watched_loses_no_step() {
    let broker = Broker::in_memory();
    let add = |times: usize| {
        let session = broker.session();
        for _ in 0..times {
            loop {
                session.call(["WATCH", "n"]).unwrap();
                let Reply::Bulk(now) = session.call(["GET", "n"]).unwrap() else { panic!("a number") };
                let next: u64 = std::str::from_utf8(&now).unwrap().parse::<u64>().unwrap() + 1;
                if transaction(&session, &[&format!("SET n {next}")]) != Reply::NullArray {
                    break;
                }
            }
        }
    };
    broker.session().call(["SET", "n", "0"]).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| add(500));
        scope.spawn(|| add(500));
    });
    assert_eq!(broker.session().call(["GET", "n"]).unwrap(), bulk("1000"));
}

#[test]
fn one_that_waits_is_served_after_the_whole() {
    let broker = Broker::in_memory();
    let reader = broker.session();
    broker.session().call(["XADD", "s", "1-1", "f", "v"]).unwrap();
    let read = std::thread::spawn(move || reader.call(["XREAD", "BLOCK", "0", "STREAMS", "s", "1-1"]).unwrap());
    std::thread::sleep(std::time::Duration::from_millis(20));
    transaction(&broker.session(), &["XADD s 2-1 f v", "XADD s 3-1 f v", "XDEL s 2-1"]);
    let Reply::Pairs(streams) = read.join().unwrap() else { panic!("a stream") };
    assert_eq!(items(streams[0].1.clone()).len(), 1);
}

#[test]
fn a_queue_that_grows_too_long_ends_its_client() {
    let broker = Broker::in_memory();
    let other = broker.session();
    other.call(["CONFIG", "SET", "client-query-buffer-limit", "1mb"]).unwrap();
    let session = broker.session();
    session.call(["MULTI"]).unwrap();
    let value = "x".repeat(100_000);
    let refused = (0..20).position(|_| session.call(["SET", "k", &value]).unwrap() != Reply::Status("QUEUED".into()));
    assert_eq!(refused, Some(10));
    assert!(matches!(session.call(["EXEC"]), Err(Error::Ended)));
    assert_eq!(number(other.call(["EXISTS", "k"]).unwrap()), 0);
}

#[test]
fn what_has_to_be_done_outside_of_the_lock_is_done_in_its_place() {
    let broker = Broker::in_memory();
    let answers = items(transaction(&broker.session(), &["SET a 1", "CONFIG REWRITE", "DEBUG SLEEP 0", "GET a"]));
    assert!(matches!(&answers[1], Reply::Error(line) if line.contains("config file")), "{answers:?}");
    assert_eq!((&answers[0], &answers[3]), (&Reply::OK, &bulk("1")));
}
