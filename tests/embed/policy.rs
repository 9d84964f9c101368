//! Redelivery by policy, with a clock that the test moves: readers that know nothing but `>`.

use super::{bulk, group, number};
use brooklet::{Broker, Reply, Session};
use std::time::Duration;

/// A broker whose stream `s` has a group `g`, a policy and some entries.
fn broker(policy: &[&str], entries: u64) -> (Broker, Session) {
    let broker = Broker::builder().manual_clock_at(1_000_000).build().unwrap();
    let session = broker.session();
    group(&session, "s");
    session.call(["POLICY.SET", "s", "redeliver", "auto"].iter().chain(policy)).unwrap();
    for n in 1..=entries {
        session.call(["XADD", "s", &format!("1-{n}"), "f", &format!("v{n}")]).unwrap();
    }
    (broker, session)
}

fn advance(broker: &Broker, ms: u64) {
    broker.advance(Duration::from_millis(ms));
}

/// Ids that a reader of `>` gets, as text.
fn read(session: &Session, consumer: &str) -> String {
    let reply = session.call(["XREADGROUP", "GROUP", "g", consumer, "STREAMS", "s", ">"]).unwrap();
    ids(&reply)
}

fn ids(reply: &Reply) -> String {
    let Reply::Pairs(streams) = reply else { return String::new() };
    let Reply::Array(entries) = &streams[0].1 else { panic!("{reply:?}") };
    let ids = entries.iter().map(|entry| match entry {
        Reply::Entry(entry) => {
            assert_eq!(entry.redelivery, None, "entries have two parts");
            entry.id.to_string()
        }
        other => panic!("{other:?}"),
    });
    ids.collect::<Vec<_>>().join(" ")
}

/// Id, owner and deliveries of what is pending.
fn pending(session: &Session) -> String {
    let Reply::Array(items) = session.call(["XPENDING", "s", "g", "-", "+", "100"]).unwrap() else { panic!() };
    let item = |item: Reply| match item {
        Reply::Array(parts) => match &parts[..] {
            [Reply::Id(id), Reply::Bulk(owner), _, Reply::Integer(n)] => {
                format!("{id}:{}:{n}", String::from_utf8_lossy(owner))
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    items.into_iter().map(item).collect::<Vec<_>>().join(" ")
}

/// Fields of the only entry of a stream.
fn only_entry(session: &Session, stream: &str) -> Vec<(String, String)> {
    let Reply::Array(entries) = session.call(["XRANGE", stream, "-", "+"]).unwrap() else { panic!() };
    let [Reply::Entry(entry)] = &entries[..] else { panic!("{entries:?}") };
    let texts: Vec<String> =
        entry.fields.as_ref().unwrap().iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    texts.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

#[test]
fn a_reader_of_new_entries_gets_the_failed_one_after_its_backoff_and_finds_it_dead_after_the_last() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "backoff", "1s,5s", "max-deliver", "3", "dlq", "auto"], 1);
    assert_eq!(read(&session, "a"), "1-1");
    advance(&broker, 10_999);
    assert_eq!(read(&session, "b"), "", "ten seconds to acknowledge, one to wait");
    advance(&broker, 1);
    assert_eq!(read(&session, "b"), "1-1");
    assert_eq!(pending(&session), "1-1:b:2");
    advance(&broker, 14_999);
    assert_eq!(read(&session, "a"), "");
    advance(&broker, 1);
    assert_eq!(read(&session, "a"), "1-1");
    assert_eq!(number(session.call(["EXISTS", "s:dlq"]).unwrap()), 0);
    advance(&broker, 10_000);
    assert_eq!(read(&session, "b"), "");
    assert_eq!(pending(&session), "");
    let expected = [
        ("f", "v1"),
        ("_dlq.stream", "s"),
        ("_dlq.id", "1-1"),
        ("_dlq.group", "g"),
        ("_dlq.consumer", "a"),
        ("_dlq.deliveries", "3"),
        ("_dlq.reason", "max-deliver"),
        ("_dlq.first-ms", "1"),
        ("_dlq.last-ms", "1036000"),
    ];
    assert_eq!(only_entry(&session, "s:dlq"), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(number(session.call(["XLEN", "s"]).unwrap()), 1, "other groups still need it");
}

#[test]
fn a_blocked_reader_wakes_when_something_falls_due() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "backoff", "none"], 1);
    assert_eq!(read(&session, "crashed"), "1-1");
    let reader = broker.session();
    let call = ["XREADGROUP", "GROUP", "g", "alive", "BLOCK", "0", "STREAMS", "s", ">"];
    let waiting = std::thread::spawn(move || ids(&reader.call(call).unwrap()));
    while !format!("{:?}", session.call(["INFO", "clients"]).unwrap()).contains("blocked_clients:1") {
        std::thread::sleep(Duration::from_millis(1));
    }
    advance(&broker, 9_999);
    std::thread::sleep(Duration::from_millis(20));
    assert!(!waiting.is_finished(), "a millisecond too early");
    advance(&broker, 1);
    assert_eq!(waiting.join().unwrap(), "1-1");
    assert_eq!(pending(&session), "1-1:alive:2");
}

#[test]
fn without_a_policy_nothing_comes_again() {
    let (broker, session) = broker(&[], 1);
    assert_eq!(number(session.call(["POLICY.DEL", "s"]).unwrap()), 1);
    assert_eq!(read(&session, "a"), "1-1");
    advance(&broker, 1_000_000);
    assert_eq!(read(&session, "b"), "");
    assert_eq!(pending(&session), "1-1:a:1");
}

#[test]
fn what_is_due_comes_before_what_is_new_and_one_call_takes_as_many_as_it_asked_for() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "backoff", "none"], 5);
    let some = ["XREADGROUP", "GROUP", "g", "a", "COUNT", "3", "STREAMS", "s", ">"];
    assert_eq!(ids(&session.call(some).unwrap()), "1-1 1-2 1-3");
    session.call(["XACK", "s", "g", "1-2"]).unwrap();
    advance(&broker, 10_000);
    assert_eq!(ids(&session.call(some).unwrap()), "1-1 1-3 1-4");
    assert_eq!(ids(&session.call(some).unwrap()), "1-5");
    assert_eq!(pending(&session), "1-1:a:2 1-3:a:2 1-4:a:1 1-5:a:1");
}

#[test]
fn touch_begins_the_time_anew_for_its_owner_only() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "backoff", "none"], 2);
    assert_eq!(read(&session, "a"), "1-1 1-2");
    advance(&broker, 9_000);
    assert_eq!(number(session.call(["MSG.TOUCH", "s", "g", "b", "1-1"]).unwrap()), 0);
    assert_eq!(number(session.call(["MSG.TOUCH", "s", "g", "a", "1-1", "9-9"]).unwrap()), 1);
    advance(&broker, 1_000);
    assert_eq!(read(&session, "b"), "1-2");
    assert_eq!(pending(&session), "1-1:a:1 1-2:b:2");
    advance(&broker, 9_000);
    assert_eq!(read(&session, "b"), "1-1");
}

#[test]
fn a_nack_waits_as_the_policy_says_or_as_it_says_itself() {
    let (broker, session) = broker(&["backoff", "5s"], 3);
    assert_eq!(read(&session, "a"), "1-1 1-2 1-3");
    let nack = |call: &[&str]| number(session.call(["MSG.NACK", "s", "g", "a", "-1"].iter().chain(call)).unwrap());
    assert_eq!(nack(&["1-1"]), 1);
    assert_eq!(nack(&["DELAY-MS", "1000", "1-2"]), 1);
    assert_eq!(nack(&["SILENT", "1-3", "1-1"]), 1, "1-1 is its own no longer");
    assert_eq!(pending(&session), "1-1::1 1-2::1 1-3::0");
    assert_eq!(read(&session, "b"), "1-3");
    advance(&broker, 1000);
    assert_eq!(read(&session, "b"), "1-2");
    advance(&broker, 4000);
    assert_eq!(read(&session, "b"), "1-1");
    assert_eq!(pending(&session), "1-1:b:2 1-2:b:2 1-3:b:1");
    assert_eq!(number(session.call(["MSG.ACK", "s", "g", "a", "-1", "1-1"]).unwrap()), 0, "another one's");
    assert_eq!(number(session.call(["MSG.ACK", "s", "g", "b", "-1", "1-1"]).unwrap()), 1);
    assert_eq!(number(session.call(["MSG.ACK", "s", "g", "-", "-1", "1-2", "1-3"]).unwrap()), 2);
    assert_eq!(pending(&session), "");
}

#[test]
fn nobody_claims_what_waits_for_its_time() {
    let (broker, session) = broker(&["backoff", "5s"], 1);
    assert_eq!(read(&session, "a"), "1-1");
    session.call(["MSG.NACK", "s", "g", "a", "-1", "1-1"]).unwrap();
    let claims: [&[&str]; 3] = [
        &["XAUTOCLAIM", "s", "g", "b", "0", "0", "JUSTID"],
        &["XCLAIM", "s", "g", "b", "0", "1-1"],
        &["XREADGROUP", "GROUP", "g", "b", "CLAIM", "0", "STREAMS", "s", ">"],
    ];
    for claim in claims {
        session.call(claim).unwrap();
        assert_eq!(pending(&session), "1-1::1", "{claim:?}");
    }
    advance(&broker, 5000);
    assert_eq!(session.call(["XCLAIM", "s", "g", "b", "0", "1-1", "JUSTID"]).unwrap(), {
        Reply::Array(vec![Reply::Id(brooklet::StreamId::new(1, 1))])
    });
}

#[test]
fn fatal_goes_to_the_dead_letters_at_once_with_its_reason() {
    let (_broker, session) = broker(&["dlq", "dead"], 1);
    assert_eq!(read(&session, "a"), "1-1");
    let call = ["MSG.NACK", "s", "g", "a", "-1", "FATAL", "REASON", "cannot be read", "1-1"];
    assert_eq!(number(session.call(call).unwrap()), 1);
    let letter = only_entry(&session, "dead");
    assert_eq!(letter.iter().find(|(name, _)| name == "_dlq.reason").unwrap().1, "cannot be read");
    assert_eq!(pending(&session), "");
}

#[test]
fn parked_entries_wait_until_somebody_releases_them() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "backoff", "none", "max-deliver", "1"], 2);
    assert_eq!(read(&session, "a"), "1-1 1-2");
    advance(&broker, 10_000);
    assert_eq!(read(&session, "a"), "");
    assert_eq!(pending(&session), "1-1::1 1-2::1");
    advance(&broker, 1_000_000_000);
    assert_eq!(read(&session, "a"), "");
    assert_eq!(number(session.call(["MSG.RELEASE", "s", "g", "1-2", "7-7"]).unwrap()), 1);
    assert_eq!(read(&session, "a"), "1-2");
    assert_eq!(pending(&session), "1-1::1 1-2:a:1", "it begins anew");
}

#[test]
fn dropped_entries_are_acknowledged_and_deleted_ones_go_by_themselves() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "max-deliver", "1", "on-max", "drop"], 2);
    assert_eq!(read(&session, "a"), "1-1 1-2");
    session.call(["XDEL", "s", "1-2"]).unwrap();
    advance(&broker, 10_000);
    assert_eq!(read(&session, "a"), "");
    assert_eq!(pending(&session), "");
    assert_eq!(number(session.call(["EXISTS", "s:dlq"]).unwrap()), 0);
}

#[test]
fn a_key_of_another_type_in_the_place_of_the_dead_letters_loses_nothing() {
    let (broker, session) = broker(&["ack-wait-ms", "10s", "max-deliver", "1", "dlq", "auto"], 1);
    session.call(["SET", "s:dlq", "in the way"]).unwrap();
    assert_eq!(read(&session, "a"), "1-1");
    advance(&broker, 10_000);
    assert_eq!(read(&session, "a"), "");
    assert_eq!(pending(&session), "1-1::1", "it is parked");
    assert_eq!(session.call(["GET", "s:dlq"]).unwrap(), bulk("in the way"));
}

#[test]
fn no_more_are_under_way_than_allowed() {
    let (broker, session) =
        broker(&["ack-wait-ms", "10s", "backoff", "1s", "max-ack-pending", "3", "max-ack-pending-consumer", "2"], 6);
    assert_eq!(read(&session, "a"), "1-1 1-2");
    assert_eq!(read(&session, "b"), "1-3");
    assert_eq!(read(&session, "b"), "");
    // What waits for its time does not count.
    session.call(["MSG.NACK", "s", "g", "a", "-1", "1-1"]).unwrap();
    assert_eq!(read(&session, "b"), "1-4");
    let reader = broker.session();
    let call = ["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">"];
    let waiting = std::thread::spawn(move || ids(&reader.call(call).unwrap()));
    while !format!("{:?}", session.call(["INFO", "clients"]).unwrap()).contains("blocked_clients:1") {
        std::thread::sleep(Duration::from_millis(1));
    }
    session.call(["XACK", "s", "g", "1-3"]).unwrap();
    assert_eq!(waiting.join().unwrap(), "1-5", "an acknowledgement makes room");
    // What failed is under way no longer, though nobody said so.
    advance(&broker, 11_000);
    assert_eq!(read(&session, "d"), "1-1 1-2");
}

#[test]
fn groups_have_rules_of_their_own_and_templates_lie_below() {
    let (broker, session) = broker(&["group.slow.ack-wait-ms", "1h"], 1);
    session.call(["POLICY.TEMPLATE", "all", "MATCH", "*", "ack-wait-ms", "10s", "backoff", "none"]).unwrap();
    session.call(["XGROUP", "CREATE", "s", "slow", "0"]).unwrap();
    assert_eq!(read(&session, "a"), "1-1");
    let slow = ["XREADGROUP", "GROUP", "slow", "a", "STREAMS", "s", ">"];
    assert_eq!(ids(&session.call(slow).unwrap()), "1-1");
    advance(&broker, 10_000);
    assert_eq!(read(&session, "a"), "1-1");
    assert_eq!(ids(&session.call(slow).unwrap()), "");
    advance(&broker, 3_590_000);
    assert_eq!(ids(&session.call(slow).unwrap()), "1-1");
}
