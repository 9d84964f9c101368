//! The same library over a folder.

#![cfg(feature = "rocksdb")]

use super::{bulk, group, number};
use brooklet::{Broker, Error, Options, Reply};

#[test]
fn what_was_acknowledged_is_there_after_a_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(Options::at(folder.path())).unwrap();
    let session = broker.session();
    group(&session, "s");
    for i in 0..1000 {
        session.call(["XADD", "s", "*", "i", &i.to_string()]).unwrap();
    }
    session.call(["SET", "k", "v"]).unwrap();
    session.call(["XREADGROUP", "GROUP", "g", "c", "COUNT", "10", "STREAMS", "s", ">"]).unwrap();
    drop(session);
    broker.shutdown().unwrap();
    let broker = Broker::open(Options::at(folder.path())).unwrap();
    let session = broker.session();
    assert_eq!(number(session.call(["XLEN", "s"]).unwrap()), 1000);
    assert_eq!(session.call(["GET", "k"]).unwrap(), bulk("v"));
    let state = broker.stream("s").unwrap().unwrap();
    assert_eq!((state.group("g").unwrap().pending().len(), state.group("g").unwrap().lag), (10, 990));
}

#[test]
fn a_folder_belongs_to_one_broker() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Broker::open(Options::at(folder.path())).unwrap();
    match Broker::open(Options::at(folder.path())) {
        Err(Error::Storage(error)) => assert!(error.to_string().contains("in use by another process"), "{error}"),
        Ok(_) => panic!("two brokers in one folder"),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_sync_policy_serves() {
    for policy in ["no", "everysec", "always"] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::at(folder.path()).set("appendfsync", policy).unwrap();
        let broker = Broker::open(options).unwrap();
        broker.session().call(["SET", "k", policy]).unwrap();
        broker.shutdown().unwrap();
        let broker = Broker::open(Options::at(folder.path())).unwrap();
        assert_eq!(broker.session().call(["GET", "k"]).unwrap(), bulk(policy));
    }
}

#[test]
fn calls_that_wait_for_the_disk_need_neither_a_listener_nor_a_clock_that_moves() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::builder().options(Options::at(folder.path())).manual_clock().build().unwrap();
    let session = broker.session();
    session.call(["SET", "k", "v"]).unwrap();
    let synced = session.call(["WAITAOF", "1", "0", "0"]).unwrap();
    assert_eq!(synced, Reply::Array(vec![Reply::Integer(1), Reply::Integer(0)]));
    assert_eq!(session.call(["SAVE"]).unwrap(), Reply::OK);
}
