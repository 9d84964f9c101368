//! Scripts over data that is only on disk, and libraries that outlive the process. (The kit separates words by spaces:
//! scripts have tabs.)

use crate::broker::Executed;
use crate::command::cold_kit::Broker;
use crate::reply::Reply;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::journal::{Journal, MemoryJournal};
use brooklet_storage::open::open;
use std::sync::Arc;

fn cold() -> Broker {
    let calls: Vec<String> = (0..10).map(|i| format!("SET k{i} {i}")).collect();
    Broker::after(&calls.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn all_keys_that_it_names_are_one_load() {
    let mut broker = cold();
    let answer = broker.call("EVAL return\tredis.call('get',KEYS[1])..redis.call('get',KEYS[2]) 2 k1 k2");
    assert_eq!((answer, broker.loads, broker.held_steps), (Reply::text("12"), 1, 0));
}

#[test]
fn before_it_has_changed_anything_it_begins_anew() {
    let mut broker = cold();
    let answer = broker.call("EVAL redis.call('select',0)\treturn\tredis.call('get','k1')..redis.call('get','k2') 0");
    assert_eq!((answer, broker.loads, broker.held_steps), (Reply::text("12"), 2, 0));
}

#[test]
fn afterwards_it_holds_the_engine_until_it_has_what_it_misses() {
    let mut broker = cold();
    let script = "EVAL redis.call('set','new','x')\tlocal\tok,v=pcall(redis.call,'get','k1')\t\
        return\tv..redis.call('get','k2')..redis.call('incr','k3') 0";
    assert_eq!(broker.call(script), Reply::text("124"));
    assert_eq!(broker.loads, 3);
    assert!(broker.held_steps > 0);
    let inside =
        "EVAL redis.call('set','new','x')\treturn\tcoroutine.wrap(function()\treturn\tredis.call('get','k5')\tend)() 0";
    assert_eq!(broker.call(inside), Reply::text("5"));
}

#[test]
fn a_disk_that_gets_full_in_the_middle_does_not_leave_half_of_it() {
    let mut broker = cold();
    let script = "EVAL redis.call('set','new','x')\tredis.call('incr','k1')\treturn\tredis.call('incr','k2') 0";
    let held = |executed| match executed {
        Executed::Held(answer) => Some(answer),
        _ => None,
    };
    let answer = broker.until(script, held);
    broker.engine.write_trouble = Some("full".into());
    assert_eq!(broker.finish(answer, script), Reply::Integer(3));
    let refused = broker.call("EVAL redis.call('set','new','y') 0");
    assert!(matches!(&refused, Reply::Error(line) if line.starts_with("MISCONF")), "{refused:?}");
}

#[test]
fn where_it_cannot_be_paused_it_begins_anew_or_fails() {
    let mut broker = cold();
    let gsub = "return(string.gsub('k1','.+',function(k)return\tredis.call('get',k)end)) 0";
    assert_eq!(broker.call(&format!("EVAL {gsub}")), Reply::text("1"));
    let late = gsub.replace("k1", "k2");
    let answer = broker.call(&format!("EVAL redis.call('set','new','x')\t{late}"));
    assert!(matches!(answer, Reply::Error(_)), "{answer:?}");
    assert_eq!(broker.call("GET k2"), Reply::text("2"));
}

#[test]
fn who_wants_no_news_of_its_own_changes_hears_none_of_those_of_later_steps() {
    let mut broker = cold();
    broker.call("HELLO 3");
    broker.call("CLIENT TRACKING ON BCAST NOLOOP");
    broker.call("EVAL redis.call('set','new','x')\treturn\tredis.call('incr','k3') 0");
    assert!(broker.held_steps > 0);
    assert!(broker.engine.clients.get(broker.client).unwrap().mailbox.is_empty());
}

#[test]
fn in_a_transaction() {
    let mut broker = cold();
    let script = "EVAL redis.call('incr','k1')\treturn\tredis.call('get','k7') 0";
    let answers = broker.transaction(&["GET k0", script, "GET k1"]);
    assert_eq!(answers, Reply::Array(vec![Reply::text("0"), Reply::text("7"), Reply::text("2")]));
}

#[test]
fn one_commit_holds_all_of_it() {
    let mut broker = Broker::warm(&[]);
    broker.call("EVAL redis.call('set','a',1)\tredis.call('select',3)\tredis.call('set','b',2) 0");
    let mut journal = MemoryJournal::new();
    journal.append(&broker.engine.store.take_batch(Vec::new())).unwrap();
    let replayed = open(Arc::new(Memory::new()), &mut journal, 16, Default::default()).unwrap().store;
    assert_eq!((replayed.database(0).len(), replayed.database(3).len()), (1, 1));
}

const LIBRARY: &str =
    "FUNCTION LOAD #!lua\u{20}name=l\nredis.register_function('f',function(keys)return\tredis.call('get',keys[1])end)";

/// The kit splits at spaces, and the first line of a library has one.
fn load(broker: &mut Broker) {
    let call = crate::command::args::OwnedArgs::collect([
        "FUNCTION",
        "LOAD",
        LIBRARY.strip_prefix("FUNCTION LOAD ").unwrap_or_default(),
    ]);
    broker.engine.begin_turn();
    let client = broker.client;
    let executed = crate::command::dispatch::dispatch(&mut broker.engine, client, call.as_args(), &mut 0);
    assert!(matches!(executed, Executed::Reply(Reply::Bulk(_))), "{executed:?}");
}

#[test]
fn libraries_are_in_the_journal() {
    let mut broker = Broker::warm(&[]);
    load(&mut broker);
    let mut journal = MemoryJournal::new();
    journal.append(&broker.engine.store.take_batch(Vec::new())).unwrap();
    let replayed = open(Arc::new(Memory::new()), &mut journal, 16, Default::default()).unwrap().store;
    assert_eq!(replayed.libraries(), broker.engine.store.libraries());
    assert!(!replayed.libraries().is_empty());
}

#[test]
fn libraries_are_in_the_checkpoint() {
    let mut broker = Broker::settled(&["SET k v"], load);
    assert_eq!(broker.call("FCALL f 1 k"), Reply::text("v"));
    assert_eq!(broker.call("FUNCTION DELETE l"), Reply::OK);
    assert!(matches!(broker.call("FCALL f 1 k"), Reply::Error(_)));
    assert!(broker.engine.store.libraries().is_empty());
}
