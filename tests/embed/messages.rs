//! Sessions in process that listen: messages, events of keys, invalidations.

use brooklet::{Broker, Error, Message, Reply, Session};
use std::time::Duration;

/// What a session that listens to all events got so far: the event and the key.
fn events(listener: &Session) -> Vec<(String, String)> {
    let mut got = Vec::new();
    while let Some(push) = listener.try_next_push().unwrap() {
        let Reply::Push(items) = push else { panic!("{push:?}") };
        let text = |i: usize| match &items[i] {
            Reply::Bulk(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => panic!("{other:?}"),
        };
        if text(0) == "pmessage" {
            got.push((text(2).trim_start_matches("__keyevent@0__:").to_owned(), text(3)));
        }
    }
    got
}

fn listening(broker: &Broker, letters: &str) -> Session {
    let listener = broker.session();
    listener.call(["CONFIG", "SET", "notify-keyspace-events", letters]).unwrap();
    listener.psubscribe(["__keyevent@*"]).unwrap();
    listener
}

fn told(events: &[(&str, &str)]) -> Vec<(String, String)> {
    events.iter().map(|(event, key)| ((*event).to_owned(), (*key).to_owned())).collect()
}

#[test]
fn a_subscription_gives_messages_in_order_and_the_session_can_be_used() {
    let broker = Broker::in_memory();
    let (listener, speaker) = (broker.session(), broker.session());
    let mut messages = listener.subscribe(["a", "b"]).unwrap();
    listener.psubscribe(["a*"]).unwrap();
    assert_eq!(messages.try_next().unwrap(), None);
    assert_eq!(speaker.call(["PUBLISH", "a", "1"]).unwrap(), Reply::Integer(2));
    assert_eq!(listener.call(["PUBLISH", "b", "2"]).unwrap(), Reply::Integer(1));
    assert_eq!(listener.call(["SET", "k", "v"]).unwrap(), Reply::OK);
    let message = |channel: &'static str, pattern: Option<&'static str>, payload: &'static str| Message {
        channel: channel.into(),
        pattern: pattern.map(Into::into),
        payload: payload.into(),
    };
    let got: Vec<Message> = messages.by_ref().take(3).collect();
    assert_eq!(got, [message("a", None, "1"), message("a", Some("a*"), "1"), message("b", None, "2")]);
    listener.call(["UNSUBSCRIBE", "a", "b"]).unwrap();
    listener.call(["PUNSUBSCRIBE"]).unwrap();
    assert_eq!(speaker.call(["PUBLISH", "a", "3"]).unwrap(), Reply::Integer(0));
    assert_eq!(messages.try_next().unwrap(), None);
}

#[test]
fn who_waits_for_a_message_is_woken_by_one_and_by_the_end() {
    let broker = Broker::in_memory();
    let (listener, speaker) = (broker.session(), broker.session());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut messages = listener.subscribe(["a"]).unwrap();
            (messages.next(), messages.next())
        });
        while speaker.call(["PUBLISH", "a", "x"]).unwrap() == Reply::Integer(0) {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(20));
        speaker.call(["CLIENT", "KILL", "ID", &listener.id().to_string()]).unwrap();
        let (first, second) = waiting.join().unwrap();
        assert_eq!(first.unwrap().payload, "x");
        assert_eq!(second, None);
    });
    assert!(matches!(listener.next_push(), Err(Error::Ended)));
}

#[test]
fn a_session_that_lets_too_much_wait_is_ended() {
    let broker = Broker::in_memory();
    let (listener, speaker) = (broker.session(), broker.session());
    speaker.call(["CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 0 0"]).unwrap();
    listener.subscribe(["a"]).unwrap();
    let big = "x".repeat(100_000);
    let sent = (0..20).filter(|_| speaker.call(["PUBLISH", "a", &big]).unwrap() == Reply::Integer(1)).count();
    assert!((10..20).contains(&sent), "{sent}");
    assert!(matches!(listener.try_next_push(), Err(Error::Ended)));
}

#[test]
fn a_key_that_vanishes_is_told_of_when_it_does() {
    let broker = Broker::builder().manual_clock().build().unwrap();
    let listener = listening(&broker, "EA");
    let session = broker.session();
    session.call(["SET", "k", "v", "PX", "10"]).unwrap();
    session.call(["HSET", "h", "f", "v"]).unwrap();
    session.call(["HPEXPIRE", "h", "10", "FIELDS", "1", "f"]).unwrap();
    events(&listener);
    broker.advance(Duration::from_millis(9));
    assert_eq!(events(&listener), []);
    broker.advance(Duration::from_millis(1));
    assert_eq!(events(&listener), told(&[("hexpired", "h"), ("del", "h"), ("expired", "k")]));
}

#[test]
fn a_string_with_a_deadline_that_has_passed_comes_and_goes() {
    let broker = Broker::in_memory();
    let listener = listening(&broker, "EA");
    let session = broker.session();
    session.call(["SET", "k", "v", "PXAT", "1"]).unwrap();
    assert_eq!(events(&listener), told(&[("set", "k"), ("expire", "k"), ("expired", "k")]));
}

#[test]
fn newer_verbs_tell_what_they_do() {
    let broker = Broker::in_memory();
    let listener = listening(&broker, "EA");
    let session = broker.session();
    for (call, events_of_it) in [
        ("MSETEX 2 a 1 b 2 EX 100", &[("set", "a"), ("expire", "a"), ("set", "b"), ("expire", "b")][..]),
        ("INCREX n BYINT 5 EX 100", &[("incrby", "n"), ("expire", "n")]),
        ("INCREX n BYFLOAT 1.5", &[("incrbyfloat", "n")]),
        ("DELEX a IFEQ 2", &[]),
        ("DELEX a IFEQ 1", &[("del", "a")]),
        ("DELIFEQ b 2", &[("del", "b")]),
        ("XADD s 1-1 f v", &[("xadd", "s")]),
        ("XDELEX s IDS 1 9-9", &[]),
        ("XDELEX s IDS 1 1-1", &[("xdel", "s")]),
    ] {
        session.call(call.split(' ')).unwrap();
        assert_eq!(events(&listener), told(events_of_it), "{call}");
    }
}

#[test]
fn a_session_learns_that_what_it_read_was_changed() {
    let broker = Broker::in_memory();
    let (reader, writer) = (broker.session(), broker.session());
    reader.call(["CLIENT", "TRACKING", "ON"]).unwrap();
    reader.call(["GET", "k"]).unwrap();
    writer.call(["SET", "k", "1"]).unwrap();
    writer.call(["SET", "k", "2"]).unwrap();
    let keys = Reply::Array(vec![Reply::bulk("k")]);
    assert_eq!(reader.try_next_push().unwrap(), Some(Reply::Push(vec![Reply::bulk("invalidate"), keys])));
    assert_eq!(reader.try_next_push().unwrap(), None);
}

#[test]
fn a_full_table_of_tracked_keys_makes_room() {
    let broker = Broker::in_memory();
    let reader = broker.session();
    reader.call(["CONFIG", "SET", "tracking-table-max-keys", "2"]).unwrap();
    reader.call(["CLIENT", "TRACKING", "ON"]).unwrap();
    reader.call(["MGET", "a", "b", "c", "d"]).unwrap();
    let mut gone = 0;
    while reader.try_next_push().unwrap().is_some() {
        gone += 1;
    }
    assert_eq!(gone, 2);
}
