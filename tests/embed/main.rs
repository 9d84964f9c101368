//! The library as an embedder sees it: public API only.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use brooklet::{Broker, Error, Reply, Session};
use std::time::Duration;

mod corpus;
mod durable;
mod leases;
mod messages;
mod policy;
mod retention;
mod time;
mod transaction;

fn bulk(text: &str) -> Reply {
    Reply::bulk(text)
}

fn number(reply: Reply) -> i64 {
    match reply {
        Reply::Integer(n) => n,
        other => panic!("expected an integer, got {other:?}"),
    }
}

fn group(session: &Session, stream: &str) {
    session.call(["XGROUP", "CREATE", stream, "g", "0", "MKSTREAM"]).unwrap();
}

#[test]
fn two_brokers_do_not_meet() {
    let (a, b) = (Broker::in_memory(), Broker::in_memory());
    a.session().call(["SET", "k", "a"]).unwrap();
    assert_eq!(b.session().call(["GET", "k"]).unwrap(), Reply::Null);
    assert_eq!(a.session().call(["GET", "k"]).unwrap(), bulk("a"));
}

#[test]
fn a_refusal_is_an_error_with_the_wire_text() {
    let broker = Broker::in_memory();
    let session = broker.session();
    match session.call(["NOSUCH", "x"]) {
        Err(Error::Refused(text)) => assert_eq!(text, "ERR unknown command 'NOSUCH', with args beginning with: 'x' "),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_blocked_reader_gets_what_another_session_adds() {
    let broker = Broker::in_memory();
    group(&broker.session(), "s");
    let reader = broker.session();
    let read = std::thread::spawn(move || {
        reader.call(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"]).unwrap()
    });
    std::thread::sleep(Duration::from_millis(20));
    broker.session().call(["XADD", "s", "1-1", "f", "v"]).unwrap();
    assert!(matches!(read.join().unwrap(), Reply::Pairs(streams) if streams.len() == 1));
    let state = broker.stream("s").unwrap().unwrap();
    assert_eq!(state.group("g").unwrap().pending().len(), 1);
}

#[test]
fn shutdown_ends_a_blocked_session() {
    let broker = Broker::in_memory();
    let reader = broker.session();
    let read = std::thread::spawn(move || reader.call(["XREAD", "BLOCK", "0", "STREAMS", "s", "$"]));
    std::thread::sleep(Duration::from_millis(20));
    broker.shutdown().unwrap();
    assert!(matches!(read.join().unwrap(), Err(Error::Ended)));
}

#[test]
fn clients_on_a_socket_and_in_process_see_the_same_keys() {
    let broker = Broker::in_memory();
    let addr = broker.listen("127.0.0.1:0").unwrap();
    let client = redis::Client::open(format!("redis://{addr}")).unwrap();
    let mut connection = client.get_connection().unwrap();
    let () = redis::cmd("SET").arg("k").arg("socket").query(&mut connection).unwrap();
    assert_eq!(broker.session().call(["GET", "k"]).unwrap(), bulk("socket"));
    broker.shutdown().unwrap();
    let gone: Result<String, _> = redis::cmd("GET").arg("k").query(&mut connection);
    assert!(gone.is_err(), "the connection ends with its broker");
}

#[test]
fn calls_work_as_futures_on_any_runtime() {
    let broker = Broker::in_memory();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let session = broker.session();
    let length = runtime.block_on(async {
        session.call_async(["XADD", "s", "*", "f", "v"]).await.unwrap();
        session.call_async(["XLEN", "s"]).await.unwrap()
    });
    assert_eq!(number(length), 1);
}

#[test]
fn the_memory_of_the_host_is_not_the_brokers() {
    let host = vec![1u8; 300 << 20];
    let broker = Broker::in_memory();
    let session = broker.session();
    let more = vec![1u8; 300 << 20];
    std::thread::sleep(Duration::from_millis(250));
    session.call(["XADD", "s", "*", "f", "v"]).unwrap();
    drop((host, more));
}

#[test]
fn who_gives_up_waiting_gets_nothing() {
    let broker = Broker::in_memory();
    group(&broker.session(), "s");
    let (gone, there) = (broker.session(), broker.session());
    let read = ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"];
    let mut call = Box::pin(gone.call_async(read));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(call.as_mut().poll(&mut context).is_pending());
    drop(call);
    broker.session().call(["XADD", "s", "1-1", "f", "v"]).unwrap();
    assert!(matches!(there.call(read).unwrap(), Reply::Pairs(streams) if streams.len() == 1));
}

#[test]
fn a_session_that_outlives_its_broker_is_told() {
    let broker = Broker::in_memory();
    let session = broker.session();
    broker.shutdown().unwrap();
    assert!(matches!(session.call(["SET", "k", "v"]), Err(Error::Ended)));
}
