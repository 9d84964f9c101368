//! Transactions over data that is only on disk: they load before they change anything or hold the engine, and answer as if
//! all had been in memory. (The kit sees to the first: one that begins anew must have changed nothing, and nothing of one
//! that holds the engine can be committed.)

use crate::broker::Executed;
use crate::broker::client::Origin;
use crate::broker::pubsub::Space;
use crate::broker::wait::{Answer, Wake};
use crate::command::args::OwnedArgs;
use crate::command::cold_kit::{Broker, texts, whatever_the_chunks};
use crate::command::dispatch::dispatch;
use crate::reply::Reply;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::journal::{Journal, MemoryJournal};
use brooklet_storage::open::open;
use std::sync::Arc;

/// Two streams of some chunks, `s` with a group that has pending entries all over it; strings; a second database.
fn written() -> Vec<String> {
    let value = "x".repeat(1000);
    let mut calls: Vec<String> = (1..=120).map(|i| format!("XADD s {i}-1 f {value}")).collect();
    calls.extend((1..=60).map(|i| format!("XADD t {i}-1 f {value}")));
    calls.push("XGROUP CREATE s g 0".into());
    calls.push("XREADGROUP GROUP g a COUNT 100 STREAMS s >".into());
    calls.extend((1..90).filter(|i| i % 3 != 0).map(|i| format!("XACK s g {i}-1")));
    calls.extend((0..10).map(|i| format!("SET k{i} {i}")));
    calls.push("SELECT 1".into());
    calls.extend((1..=40).map(|i| format!("XADD u {i}-1 f {value}")));
    calls.push("SET k0 other".into());
    calls.push("SELECT 0".into());
    calls
}

fn cold() -> Broker {
    let calls = written();
    Broker::after(&calls.iter().map(String::as_str).collect::<Vec<_>>())
}

fn warm() -> Broker {
    let mut broker = Broker::after(&[]);
    written().iter().for_each(|call| drop(broker.call(call)));
    broker
}

fn items(reply: &Reply) -> &[Reply] {
    match reply {
        Reply::Array(items) => items,
        other => panic!("no array: {other:?}"),
    }
}

#[test]
fn all_keys_are_one_load() {
    let mut broker = cold();
    let answers = broker.transaction(&["INCR k1", "GET k2", "SET k3 x", "EXISTS k4 k5 none", "INCR k1"]);
    assert_eq!(broker.loads, 1);
    assert_eq!(items(&answers)[4], Reply::Integer(3));
    let before = broker.loads;
    broker.transaction(&["INCR k6", "SELECT 1", "GET k0", "SELECT 0", "INCR k7"]);
    assert_eq!(broker.loads - before, 2, "one for each database");
}

#[test]
fn the_usual_transaction_on_a_long_stream_reads_none_of_it() {
    let mut broker = cold();
    broker.transaction(&["XACK s g 3-1", "XADD s 200-1 f v", "XLEN s", "EXPIRE s 100", "XPENDING s g"]);
    assert_eq!(broker.loads, 1, "the key itself");
}

#[test]
fn what_is_missed_in_the_middle_holds_the_engine() {
    for last in [
        "XRANGE s 50-1 50-1",
        "XDEL s 60-1",
        "XTRIM s MAXLEN 77",
        "XADD s MINID 13-1 500-1 f v",
        "XREADGROUP GROUP g b STREAMS s >",
        "XREADGROUP GROUP g a STREAMS s 0",
        "XAUTOCLAIM s g b 0 0 COUNT 5",
        "XCLAIM s g b 0 90-1",
        "XGROUP CREATE s h 44-1",
        "COPY s c",
        "MOVE s 1",
        "KEYS *",
        "SCAN 0 COUNT 5",
    ] {
        let mut broker = cold();
        let answers = broker.transaction(&["INCR k1", "XADD new 1-1 f v", last]);
        assert!(broker.loads > 1 && broker.held_steps > 0, "{last}");
        let error = items(&answers).iter().find(|answer| matches!(answer, Reply::Error(_)));
        assert_eq!(error, None, "{last}");
    }
}

/// A transaction of `own` that holds the engine, having changed `k1`; the channel of its answer.
fn held(broker: &mut Broker) -> Answer {
    for call in ["MULTI", "INCR k1", "XADD new 1-1 f v", "XRANGE s 50-1 50-1", "INCR k1"] {
        broker.call(call);
    }
    let answer = broker.until("EXEC", |executed| match executed {
        Executed::Held(answer) => Some(answer),
        _ => None,
    });
    assert!(broker.engine.is_held());
    answer
}

#[test]
fn nobody_sees_a_part_of_what_holds_the_engine() {
    let mut broker = cold();
    let other = broker.engine.clients.open(Origin::in_process(), true, 0);
    let mut answer = held(&mut broker);
    let said = |broker: &mut Broker, line: &str| {
        let call = OwnedArgs::collect(line.split(' '));
        broker.engine.begin_turn();
        dispatch(&mut broker.engine, other, call.as_args(), &mut 0)
    };
    assert!(matches!(said(&mut broker, "GET k1"), Executed::Paused(_)));
    assert!(
        matches!(said(&mut broker, "MULTI"), Executed::Reply(Reply::Status(_))),
        "what may run while the engine is busy"
    );
    assert!(matches!(said(&mut broker, "INCR k1"), Executed::Paused(_)));
    assert!(matches!(said(&mut broker, "DISCARD"), Executed::Reply(Reply::Status(_))));
    broker.engine.config.busy_reply_threshold_ms = 0;
    assert!(matches!(said(&mut broker, "GET k1"), Executed::Reply(Reply::Error(line)) if line.starts_with("BUSY ")));
    broker.engine.config.busy_reply_threshold_ms = 5000;
    assert!(answer.try_recv().is_err());
    let reply = broker.finish(answer, "EXEC");
    assert_eq!((&items(&reply)[0], &items(&reply)[3]), (&Reply::Integer(2), &Reply::Integer(3)));
    assert!(broker.engine.store.has_uncommitted() && !broker.engine.is_held());
    broker.client = other;
    assert_eq!(broker.call("GET k1"), Reply::bulk("3"));
}

#[test]
fn messages_of_what_holds_the_engine_wait_for_its_end() {
    let mut broker = cold();
    let listener = broker.engine.clients.open(Origin::in_process(), true, 0);
    broker.engine.config.notify_keyspace_events = "EA".into();
    broker.engine.apply_config();
    broker.engine.subscribe(listener, Space::Channel, b"__keyevent@0__:incrby");
    let answer = held(&mut broker);
    let waiting = |broker: &Broker| broker.engine.clients.get(listener).unwrap().mailbox.len();
    assert_eq!(waiting(&broker), 1);
    assert!(broker.engine.keeps_mail(listener), "INCR k1 is not committed");
    broker.finish(answer, "EXEC");
    assert!(!broker.engine.keeps_mail(listener));
    assert_eq!(waiting(&broker), 2);
}

#[test]
fn what_holds_the_engine_is_finished_for_a_client_that_has_left() {
    let mut broker = cold();
    let answer = held(&mut broker);
    let own = broker.client;
    broker.engine.close(own);
    assert!(broker.engine.clients.get(own).is_some(), "its database is needed");
    broker.finish(answer, "EXEC");
    assert!(broker.engine.clients.get(own).is_none());
    broker.client = broker.engine.clients.open(Origin::in_process(), true, 0);
    assert_eq!(broker.call("GET k1"), Reply::bulk("3"));
}

#[test]
fn waits_go_on_after_what_holds_the_engine() {
    let mut broker = cold();
    let own = broker.client;
    broker.client = broker.engine.clients.open(Origin::in_process(), true, 0);
    let mut waiting = broker.until("XREAD BLOCK 1 STREAMS new 0", |executed| match executed {
        Executed::Parked(wake) => Some(wake),
        _ => None,
    });
    broker.client = own;
    let answer = held(&mut broker);
    broker.engine.store.now_ms += 1000;
    broker.engine.tick();
    assert!(waiting.try_recv().is_err(), "neither data nor the end of its time");
    broker.finish(answer, "EXEC");
    assert!(matches!(waiting.try_recv(), Ok(Wake::Answer(Reply::Pairs(_), _))));
}

#[test]
fn a_key_may_get_another_name_or_database_on_the_way() {
    let mut broker = cold();
    let calls = ["SET k1 x", "RENAME s r", "XRANGE r 9-1 9-1", "SWAPDB 0 1", "XRANGE u 3-1 3-1", "FLUSHDB", "XLEN u"];
    let answers = broker.transaction(&calls);
    let entries = |at: usize| items(&items(&answers)[at]).len();
    assert_eq!((entries(2), entries(4)), (1, 1));
    assert_eq!(items(&answers)[6], Reply::Integer(0));
    assert_eq!(broker.call("XLEN r"), Reply::Integer(0), "it is in the other database now");
}

#[test]
fn the_first_call_may_move_what_the_second_reads() {
    for calls in [["RENAME s r", "XRANGE r 9-1 9-1"], ["SWAPDB 0 1", "XRANGE u 9-1 9-1"], ["RENAME t s", "XDEL s 3-1"]]
    {
        let answers = cold().transaction(&calls);
        assert!(items(&answers).iter().all(|answer| !matches!(answer, Reply::Error(_))), "{calls:?}");
    }
}

#[test]
fn reading_transactions_need_no_copies() {
    let mut broker = cold();
    let answers = broker.transaction(&["SELECT 1", "XRANGE u 5-1 5-1", "SELECT 0", "XRANGE t 5-1 5-1"]);
    assert!(items(&answers).iter().all(|answer| !matches!(answer, Reply::Error(_))));
    assert_eq!(broker.call("XLEN t"), Reply::Integer(60));
}

#[test]
fn a_watched_key_is_loaded_once_and_may_leave_memory_again() {
    let mut broker = cold();
    assert_eq!(broker.counted("WATCH k1 k2 none").0, 1);
    assert_eq!(items(&broker.transaction(&["PING"])).len(), 1);
    broker.call("WATCH k1");
    assert_eq!(
        items(&broker.transaction(&["XRANGE s 9-1 9-1", "XRANGE s 80-1 80-1"])).len(),
        2,
        "it began three times"
    );
    broker.call("WATCH k3");
    let other = broker.engine.clients.open(Origin::in_process(), true, 0);
    let own = std::mem::replace(&mut broker.client, other);
    broker.call("SET k3 y");
    broker.client = own;
    assert_eq!(broker.transaction(&["PING"]), Reply::NullArray);
}

#[test]
fn a_transaction_that_begins_again_still_watches() {
    let mut broker = cold();
    for call in ["WATCH k1", "MULTI", "XRANGE s 9-1 9-1"] {
        broker.call(call);
    }
    let (own, exec) = (broker.client, OwnedArgs::collect(["EXEC"]));
    broker.engine.begin_turn();
    let loading = dispatch(&mut broker.engine, own, exec.as_args(), &mut 0);
    assert!(matches!(loading, Executed::Missing(_)), "{loading:?}");
    broker.client = broker.engine.clients.open(Origin::in_process(), true, 0);
    broker.call("SET k1 y");
    broker.client = own;
    assert_eq!(broker.call("EXEC"), Reply::NullArray);
}

#[test]
fn one_commit_holds_all_of_it() {
    let mut broker = Broker::after(&[]);
    broker.transaction(&["SET a 1", "XADD s 1-1 f v", "SELECT 2", "SET b 2", "INCR b"]);
    let mut journal = MemoryJournal::new();
    journal.append(&broker.engine.store.take_batch(Vec::new())).unwrap();
    assert_eq!(journal.len(), 1);
    let replayed = open(Arc::new(Memory::new()), &mut journal, 16, Default::default()).unwrap().store;
    assert_eq!((replayed.database(0).len(), replayed.database(2).len()), (2, 1));
}

/// A call of a transaction, at random.
fn any_call(rng: &mut fastrand::Rng) -> String {
    const FORMS: [&str; 34] = [
        "XADD S N-1 f v",
        "XADD S MAXLEN C N-1 f v",
        "XADD S MINID I-1 N-1 f v",
        "XRANGE S I-1 J-1",
        "XREVRANGE S J-1 I-1 COUNT 3",
        "XDEL S I-1 J-1",
        "XTRIM S MAXLEN C",
        "XTRIM S MINID I-1",
        "XREAD COUNT 2 STREAMS S I-1",
        "XREADGROUP GROUP g b COUNT 3 STREAMS S >",
        "XREADGROUP GROUP g a COUNT 3 STREAMS S I-1",
        "XACK S g I-1 J-1",
        "XCLAIM S g b 0 I-1 J-1",
        "XAUTOCLAIM S g b 0 I-1 COUNT 3",
        "XPENDING S g",
        "XGROUP CREATE S h I-1",
        "XGROUP SETID S g I-1",
        "XGROUP DESTROY S g",
        "XINFO STREAM S",
        "XLEN S",
        "DEL S",
        "RENAME S T",
        "COPY S T REPLACE",
        "COPY S T DB 1",
        "MOVE S 1",
        "SELECT D",
        "SWAPDB 0 1",
        "FLUSHDB",
        "SET K v",
        "INCR K",
        "MGET K K k9",
        "EXPIRE S 100",
        "KEYS *",
        "DBSIZE",
    ];
    let form = FORMS[rng.usize(..FORMS.len())];
    let word = |word: &str, rng: &mut fastrand::Rng| match word {
        "S" | "T" => ["s", "s", "t", "u"][rng.usize(..4)].to_owned(),
        "K" => format!("k{}", rng.u8(..6)),
        "D" => rng.u8(..2).to_string(),
        "C" => rng.u8(20..110).to_string(),
        "N-1" => format!("{}-1", 200 + rng.u16(..500)),
        "I-1" | "J-1" => format!("{}-1", rng.u8(1..120)),
        other => other.to_owned(),
    };
    form.split(' ').map(|part| word(part, rng)).collect::<Vec<_>>().join(" ")
}

/// Names come in the order of hashes, which differ between the two.
fn comparable(reply: Reply) -> Vec<String> {
    let reply = whatever_the_chunks(reply);
    let mut lines: Vec<String> = items(&reply).iter().map(|answer| format!("{answer:?}")).collect();
    for (line, answer) in lines.iter_mut().zip(items(&reply)) {
        if let names @ [_, ..] = texts(answer).as_mut_slice() {
            names.sort();
            *line = names.join(" ");
        }
    }
    lines
}

#[test]
fn cold_and_warm_answer_alike() {
    let records = cold();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut loads = 0;
    for _ in 0..250 {
        let (mut cold, mut warm) = (records.again(), warm());
        // The second and third one meet what is partly in memory.
        for _ in 0..3 {
            let calls: Vec<String> = (0..rng.usize(2..7)).map(|_| any_call(&mut rng)).collect();
            let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
            let (found, expected) = (cold.transaction(&calls), warm.transaction(&calls));
            assert_eq!(comparable(found), comparable(expected), "{calls:?}");
            assert_eq!(cold.call("DBSIZE"), warm.call("DBSIZE"), "{calls:?}");
        }
        loads += cold.loads;
    }
    assert!(loads > 700, "{loads}");
}
