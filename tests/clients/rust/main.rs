//! Streams, groups and locks as a user of redis-rs writes them, against the binary.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Target};
use redis::streams::{
    StreamAutoClaimOptions, StreamAutoClaimReply, StreamInfoGroupsReply, StreamMaxlen, StreamPendingReply,
    StreamRangeReply, StreamReadOptions, StreamReadReply,
};
use redis::{Commands, Connection, ExistenceCheck, RedisResult, SetExpiry, SetOptions, TypedCommands};
use std::thread;
use std::time::Duration;

fn server() -> Server {
    let target = Target::under_test(env!("CARGO_BIN_EXE_brooklet"));
    Server::start(&target, Data::Volatile, &[]).expect("the broker starts")
}

fn connect(server: &Server, protocol: &str) -> Connection {
    let url = format!("redis://{}/?protocol={protocol}", server.address());
    redis::Client::open(url).expect("url").get_connection().expect("connects")
}

fn in_both_protocols(scenario: fn(&Server, &mut Connection, &str)) {
    for protocol in ["resp2", "resp3"] {
        let server = server();
        scenario(&server, &mut connect(&server, protocol), protocol);
    }
}

#[test]
fn a_group_delivers_each_entry_once() {
    in_both_protocols(|_, c, _| {
        let () = Commands::xgroup_create_mkstream(c, "s", "g", "0").unwrap();
        let again: RedisResult<()> = Commands::xgroup_create(c, "s", "g", "0");
        assert_eq!(again.unwrap_err().code(), Some("BUSYGROUP"));
        for i in 0..10 {
            let _: String = Commands::xadd(c, "s", "*", &[("i", i)]).unwrap();
        }
        let options = StreamReadOptions::default().group("g", "a").count(4);
        let read: StreamReadReply = Commands::xread_options(c, &["s"], &[">"], &options).unwrap();
        let ids: Vec<String> = read.keys[0].ids.iter().map(|e| e.id.clone()).collect();
        assert_eq!(ids.len(), 4);
        assert_eq!(Commands::xack::<_, _, _, usize>(c, "s", "g", &ids[..3]).unwrap(), 3);
        let groups: StreamInfoGroupsReply = Commands::xinfo_groups(c, "s").unwrap();
        assert_eq!((groups.groups[0].pending, groups.groups[0].lag), (1, Some(6)));
        let pending: StreamPendingReply = Commands::xpending(c, "s", "g").unwrap();
        assert_eq!(pending.count(), 1);
    });
}

#[test]
fn an_abandoned_entry_is_claimed() {
    in_both_protocols(|_, c, _| {
        let () = Commands::xgroup_create_mkstream(c, "s", "g", "0").unwrap();
        let id: String = Commands::xadd(c, "s", "*", &[("f", "v")]).unwrap();
        let options = StreamReadOptions::default().group("g", "crashed");
        let _: StreamReadReply = Commands::xread_options(c, &["s"], &[">"], &options).unwrap();
        thread::sleep(Duration::from_millis(10));
        let options = StreamAutoClaimOptions::default().count(10);
        let claimed: StreamAutoClaimReply =
            Commands::xautoclaim_options(c, "s", "g", "healthy", 5, "0", options).unwrap();
        assert_eq!(claimed.claimed.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), [id.as_str()]);
    });
}

#[test]
fn a_blocked_read_wakes() {
    in_both_protocols(|server, c, protocol| {
        let mut reader = connect(server, protocol);
        let read = thread::spawn(move || {
            let options = StreamReadOptions::default().block(5000);
            Commands::xread_options::<_, _, StreamReadReply>(&mut reader, &["s"], &["$"], &options).unwrap()
        });
        thread::sleep(Duration::from_millis(50));
        let id: String = Commands::xadd(c, "s", "*", &[("f", "v")]).unwrap();
        assert_eq!(read.join().unwrap().keys[0].ids[0].id, id);
    });
}

#[test]
fn a_lock_is_held_by_one() {
    in_both_protocols(|_, c, _| {
        let lock = || SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(100));
        assert!(Commands::set_options::<_, _, bool>(c, "lock", "me", lock()).unwrap());
        assert!(!Commands::set_options::<_, _, bool>(c, "lock", "you", lock()).unwrap());
        thread::sleep(Duration::from_millis(120));
        assert!(Commands::set_options::<_, _, bool>(c, "lock", "you", lock()).unwrap());
        assert_eq!(TypedCommands::get(c, "lock").unwrap().as_deref(), Some("you"));
    });
}

#[test]
fn a_stream_is_trimmed() {
    in_both_protocols(|_, c, _| {
        for i in 1..=100 {
            let id = format!("{i}-0");
            let _: String = Commands::xadd_maxlen(c, "s", StreamMaxlen::Equals(50), id, &[("i", i)]).unwrap();
        }
        assert_eq!(Commands::xlen::<_, usize>(c, "s").unwrap(), 50);
        let range: StreamRangeReply = Commands::xrange_count(c, "s", "-", "+", 1).unwrap();
        assert_eq!(range.ids[0].id, "51-0");
    });
}
