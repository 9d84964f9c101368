//! What the gates say to a client in MULTI, and what becomes of its transaction.

use crate::broker::Executed;
use crate::broker::client::Origin;
use crate::broker::engine::Pause;
use crate::command::args::OwnedArgs;
use crate::command::cold_kit::Broker;
use crate::command::dispatch::dispatch;
use crate::reply::Reply;

fn error(reply: Reply) -> String {
    match reply {
        Reply::Error(line) => line.into_owned(),
        other => panic!("no error: {other:?}"),
    }
}

fn queued() -> Reply {
    Reply::Status("QUEUED".into())
}

fn paused(broker: &mut Broker, line: &str) -> bool {
    let call = OwnedArgs::collect(line.split(' '));
    broker.engine.begin_turn();
    matches!(dispatch(&mut broker.engine, broker.client, call.as_args(), &mut 0), Executed::Paused(_))
}

#[test]
fn each_answer_is_in_the_protocol_of_its_time() {
    let mut broker = Broker::after(&[]);
    let mut frames = |calls: &[&str]| {
        let Reply::Array(answers) = broker.transaction(calls) else { panic!("no answers") };
        let protocol = broker.engine.clients.get(broker.client).unwrap().protocol;
        let frame = |answer: &Reply| {
            let mut out = Vec::new();
            crate::resp::encode(answer, protocol, &mut out);
            String::from_utf8_lossy(&out[..2]).into_owned()
        };
        answers.iter().map(frame).collect::<Vec<_>>()
    };
    assert_eq!(frames(&["GET k", "HELLO 3", "GET k"]), ["$-", "%7", "_\r"]);
    assert_eq!(frames(&["GET k", "HELLO 2", "GET k", "HELLO 3", "GET k"]), ["_\r", "*1", "$-", "%7", "_\r"]);
    assert_eq!(frames(&["GET k", "HELLO 3"]), ["_\r", "%7"]);
}

#[test]
fn memory_that_is_short_when_a_call_is_queued_spoils() {
    let mut broker = Broker::after(&[]);
    broker.call("MULTI");
    (broker.engine.memory.stuck, broker.engine.memory.used) = (true, u64::MAX);
    assert_eq!(error(broker.call("SET a 1")), "OOM command not allowed when used memory > 'maxmemory'.");
    assert_eq!(broker.call("GET a"), queued());
    broker.engine.memory.stuck = false;
    assert_eq!(error(broker.call("EXEC")), "EXECABORT Transaction discarded because of previous errors.");
}

#[test]
fn memory_that_is_short_at_exec_ends_only_transactions_that_need_some() {
    let mut broker = Broker::after(&[]);
    broker.call("MULTI");
    broker.call("SET a 1");
    (broker.engine.memory.stuck, broker.engine.memory.used) = (true, u64::MAX);
    let line = "EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.";
    assert_eq!(error(broker.call("EXEC")), line);
    assert_eq!(error(broker.call("EXEC")), "ERR EXEC without MULTI");
    assert_eq!(broker.transaction(&["GET a", "DEL a"]), Reply::Array(vec![Reply::Null, Reply::Integer(0)]));
}

#[test]
fn a_disk_that_takes_nothing_ends_transactions_that_write() {
    let mut broker = Broker::after(&[]);
    broker.call("MULTI");
    broker.call("DEL a");
    broker.engine.write_trouble = Some("full".into());
    let line = "EXECABORT Transaction discarded because of: MISCONF Errors writing to the AOF file: full";
    assert_eq!(error(broker.call("EXEC")), line);
    assert_eq!(broker.transaction(&["GET a"]), Reply::Array(vec![Reply::Null]));
}

#[test]
fn a_pause_of_writes_holds_what_would_write() {
    let mut broker = Broker::after(&[]);
    broker.call("MULTI");
    broker.call("GET a");
    broker.engine.pause = Some(Pause { until_ms: i64::MAX, all: false });
    assert!(paused(&mut broker, "SET a 1"));
    assert_eq!(broker.call("EXEC"), Reply::Array(vec![Reply::Null]));
    broker.engine.pause = None;
    broker.call("MULTI");
    broker.call("SET a 1");
    broker.engine.pause = Some(Pause { until_ms: i64::MAX, all: false });
    assert!(paused(&mut broker, "EXEC"));
    broker.engine.pause = None;
    assert_eq!(broker.call("EXEC"), Reply::Array(vec![Reply::OK]), "it waited, and was not spoilt");
}

#[test]
fn who_watches_is_counted_and_forgotten() {
    let mut broker = Broker::after(&[]);
    broker.call("WATCH a b");
    let own = broker.client;
    broker.client = broker.engine.clients.open(Origin::in_process(), true, 0);
    broker.call("WATCH b c d");
    let counts = |broker: &Broker| (broker.engine.watches.clients(), broker.engine.watches.keys());
    assert_eq!((counts(&broker), broker.engine.watches.count_of(own)), ((2, 4), 2));
    broker.call("SET c 1");
    assert_eq!(counts(&broker), (1, 2), "one that was told watches nothing more");
    broker.engine.close(own);
    assert_eq!(counts(&broker), (0, 0));
    assert!(broker.engine.store.touched.is_none(), "nothing is collected for nobody");
}

#[test]
fn too_many_watched_keys_end_the_client() {
    let mut broker = Broker::after(&[]);
    broker.engine.config.client_query_buffer_limit = 10_000;
    let names: Vec<String> = (0..100).map(|i| format!("k{i}")).collect();
    broker.call(&format!("WATCH {}", names.join(" ")));
    assert!(broker.engine.clients.get(broker.client).unwrap().killed);
    assert_eq!(broker.engine.stats.query_limit_disconnections, 1);
}

#[test]
fn calls_are_counted_when_they_run() {
    let mut broker = Broker::after(&[]);
    broker.engine.stats.reset();
    broker.transaction(&["SET a x", "INCR a", "GET a"]);
    let stats = &broker.engine.stats;
    let count = |name: &str| {
        let of = stats.commands.iter().find(|of| of.spec.name == name).unwrap();
        (of.calls, of.failed)
    };
    assert_eq!((count("set"), count("incr"), count("exec")), ((1, 0), (1, 1), (1, 0)));
    assert_eq!((stats.total_commands, stats.total_errors), (5, 1));
}

/// What EXEC answers if somebody else writes the watched key just after it has missed something for the `late`th time, and how often it did.
fn exec_disturbed(late: usize) -> (Reply, usize) {
    // Each entry is in a chunk of its own: the call misses these when the transaction has begun.
    let adds: Vec<String> = (1..=4).map(|i| format!("XADD s 1-{i} f {}", "x".repeat(20_000))).collect();
    let mut broker = Broker::after(&[&adds[0], &adds[1], &adds[2], &adds[3], "SET a 1"]);
    let other = broker.engine.clients.open(Origin::in_process(), true, 0);
    broker.call("WATCH a");
    broker.call("MULTI");
    broker.call("XRANGE s - +");
    let [exec, set] = ["EXEC", "SET a 2"].map(|line| OwnedArgs::collect(line.split(' ')));
    let mut misses = 0;
    loop {
        broker.engine.begin_turn();
        match dispatch(&mut broker.engine, broker.client, exec.as_args(), &mut 0) {
            Executed::Missing(missing) => {
                misses += 1;
                if misses == late {
                    assert!(matches!(dispatch(&mut broker.engine, other, set.as_args(), &mut 0), Executed::Reply(_)));
                }
                broker.load(missing);
            }
            Executed::Reply(reply) => return (reply, misses),
            executed => panic!("{executed:?}"),
        }
    }
}

#[test]
fn a_watch_holds_while_something_is_loaded_for_its_transaction() {
    let (answers, misses) = exec_disturbed(0);
    assert!(matches!(answers, Reply::Array(_)) && misses > 1, "{misses}");
    for late in 1..=misses {
        assert_eq!(exec_disturbed(late).0, Reply::NullArray, "{late} of {misses}");
    }
}
