//! A small device: `profile edge` under 64 MB, with so little memory from the system; a twentieth of a processor.

use super::group::Group;
use super::{MIB, call, client, number, resident_peak, start};

use brooklet_testkit::client::{PATIENCE, encode};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Value};

/// What the process may have resident at any time.
const RESIDENT: u64 = 64 * MIB;
const STREAMS: usize = 200;
const ROUNDS: usize = 150;
const BATCH: usize = 16;

fn edge(folder: &tempfile::TempDir) -> Server {
    start(Data::Durable(folder.path().into()), &["--profile", "edge"])
}

/// A device's work: many streams of 100 bytes an entry, one group that keeps up, values that change.
fn work(server: &Server) {
    let (mut c, value) = (client(server), "x".repeat(100));
    for stream in 0..STREAMS {
        call(&mut c, &["XGROUP", "CREATE", &format!("s{stream}"), "g", "0", "MKSTREAM"]);
    }
    for round in 0..ROUNDS {
        for stream in (0..STREAMS).map(|n| format!("s{n}")) {
            let add = encode(&["XADD", &stream, "*", "f", &value]).repeat(BATCH);
            let count = BATCH.to_string();
            let read = encode(&["XREADGROUP", "GROUP", "g", "c", "COUNT", &count, "STREAMS", &stream, ">"]);
            let set = encode(&["SET", &format!("k{stream}:{round}"), &value]);
            c.send_raw(&[add, set, read].concat()).unwrap();
            (0..=BATCH).for_each(|_| assert!(!c.read(PATIENCE).unwrap().is_error()));
            let ids = ids(&c.read(PATIENCE).unwrap());
            let acknowledge = ["XACK", &stream, "g"].into_iter().chain(ids.iter().map(String::as_str));
            assert_eq!(number(&mut c, &acknowledge.collect::<Vec<_>>()), BATCH as i64, "round {round}");
        }
    }
}

/// The ids of what XREADGROUP has read of one stream.
fn ids(reply: &Value) -> Vec<String> {
    let entries = reply.items()[0].items()[1].items();
    entries.iter().map(|entry| entry.items()[0].text().unwrap()).collect()
}

fn holds_all(server: &Server) {
    let mut c = client(server);
    for stream in (0..STREAMS).step_by(17).map(|n| format!("s{n}")) {
        assert_eq!(number(&mut c, &["XLEN", &stream]), (ROUNDS * BATCH) as i64, "{stream}");
        let pending = call(&mut c, &["XPENDING", &stream, "g"]).items()[0].number();
        assert_eq!(pending, Some(0), "{stream}");
        let all = call(&mut c, &["XRANGE", &stream, "-", "+"]).items().len();
        assert_eq!(all, ROUNDS * BATCH, "{stream}");
    }
}

#[test]
fn the_profile_edge_stays_below_its_bound_under_a_limit_of_the_system() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = edge(&folder);
    let limit = [("memory.limit_in_bytes", RESIDENT.to_string())];
    let group = Group::limit("memory", server.pid(), &limit);
    if let Err(why) = &group {
        println!("NOT RUN: edge: a limit of memory by the system: {why}");
    }
    work(&server);
    holds_all(&server);
    let peak = resident_peak(&server);
    assert!(peak <= RESIDENT, "{peak} bytes resident at the peak");
    assert!(server.is_running(), "the system ended it");
    server.kill().unwrap();
    drop(group);
    server.restart().unwrap();
    holds_all(&server);
}

#[test]
fn a_twentieth_of_a_processor_is_slow_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = edge(&folder);
    let quota = [("cpu.cfs_period_us", "100000".to_owned()), ("cpu.cfs_quota_us", "5000".to_owned())];
    let group = match Group::limit("cpu", server.pid(), &quota) {
        Ok(group) => group,
        Err(why) => return println!("NOT RUN: edge: a twentieth of a processor: {why}"),
    };
    let mut c = client(&server);
    for n in 0..300 {
        call(&mut c, &["XADD", "s", "*", "n", &n.to_string()]);
    }
    assert_eq!(number(&mut c, &["XLEN", "s"]), 300);
    // Blocking calls keep their time, if not to the millisecond.
    assert!(call(&mut c, &["XREAD", "BLOCK", "200", "STREAMS", "s", "$"]).items().is_empty());
    assert_ne!(group.read("cpu.stat").lines().find(|line| line.starts_with("nr_periods ")), None);
    server.kill().unwrap();
    drop(group);
    server.restart().unwrap();
    assert_eq!(number(&mut client(&server), &["XLEN", "s"]), 300);
}
