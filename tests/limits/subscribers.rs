//! Clients that listen: many, deaf, or idle.

use super::connections::{nobody_is_disturbed, open_many_files, raw};
use super::{MIB, call, client, info, number, resident, text, until, volatile};
use brooklet_testkit::client::{NoReply, PATIENCE, encode};
use brooklet_testkit::{Client, Protocol, Server, Value};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A client that listens to `channel` and never reads again.
fn deaf(server: &Server, channel: &str) -> TcpStream {
    let mut stream = raw(server);
    stream.write_all(&encode(&["SUBSCRIBE", channel])).unwrap();
    let mut confirmed = [0; 16];
    stream.read_exact(&mut confirmed).unwrap();
    stream
}

fn listener(server: &Server, channel: &str, protocol: Protocol) -> Client {
    let mut client = server.connect(protocol).unwrap();
    client.call(&["SUBSCRIBE", channel]).unwrap();
    client
}

fn payload(message: &Value) -> Vec<u8> {
    message.items().last().and_then(|item| item.bytes().map(<[u8]>::to_vec)).unwrap()
}

/// What waits to be sent to the client that listens to `sub` channels and waits the most.
fn most_waiting(publisher: &mut Client) -> u64 {
    let lines = text(publisher, &["CLIENT", "LIST", "TYPE", "pubsub"]);
    let omem = |line: &str| line.split(' ').find_map(|field| field.strip_prefix("omem=")?.parse().ok());
    lines.lines().filter_map(omem).max().unwrap_or(0)
}

#[test]
fn a_thousand_subscribers_are_not_disturbed_by_one_that_never_reads() {
    let _crowd = open_many_files(1200);
    let server = volatile(&[]);
    let mut publisher = client(&server);
    let protocol = |i: usize| if i.is_multiple_of(2) { Protocol::Resp2 } else { Protocol::Resp3 };
    let mut listeners: Vec<Client> = (0..1000).map(|i| listener(&server, "news", protocol(i))).collect();
    let _deaf = deaf(&server, "big");
    assert_eq!(info(&mut publisher, "pubsub_clients"), 1001);
    let before = resident(&server);
    // The sockets take some megabytes, the rest waits here, until it is too much.
    let big = "x".repeat(1 << 18);
    let (mut sent, mut waited) = (0, 0);
    while number(&mut publisher, &["PUBLISH", "big", &big]) == 1 {
        sent += 1;
        assert!(sent < 400, "100 MB were published to a client that does not read");
        if sent % 20 == 0 {
            waited = most_waiting(&mut publisher).max(waited);
            nobody_is_disturbed(&server);
        }
    }
    assert!(waited > 10 * MIB, "CLIENT LIST told of {waited} bytes at most");
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 64 * MIB, "{grown} bytes for a subscriber that does not read");
    assert_eq!(info(&mut publisher, "client_output_buffer_limit_disconnections"), 1);
    until("the end of the deaf one", || info(&mut publisher, "pubsub_clients") == 1000);
    for i in 0..20 {
        assert_eq!(number(&mut publisher, &["PUBLISH", "news", &i.to_string()]), 1000);
    }
    for listener in &mut listeners {
        for i in 0..20 {
            assert_eq!(payload(&listener.read(PATIENCE).unwrap()), i.to_string().into_bytes());
        }
    }
}

#[test]
fn who_reads_too_slowly_for_too_long_is_closed() {
    let server = volatile(&["--client-output-buffer-limit", "pubsub 0 1mb 1"]);
    let mut publisher = client(&server);
    let mut other = listener(&server, "other", Protocol::Resp3);
    let _deaf = deaf(&server, "big");
    let big = "x".repeat(1 << 20);
    for _ in 0..24 {
        assert_eq!(number(&mut publisher, &["PUBLISH", "big", &big]), 1);
    }
    until("the disconnection", || info(&mut publisher, "client_output_buffer_limit_disconnections") == 1);
    until("its end", || info(&mut publisher, "pubsub_clients") == 1);
    call(&mut publisher, &["PUBLISH", "other", "still here"]);
    assert_eq!(payload(&other.read(PATIENCE).unwrap()), b"still here");
}

#[test]
fn all_that_is_published_to_a_slow_reader_comes_in_order() {
    let server = volatile(&[]);
    let mut publisher = client(&server);
    let mut slow = listener(&server, "c", Protocol::Resp2);
    let padding = "x".repeat(10_000);
    for i in 0..2000 {
        assert_eq!(number(&mut publisher, &["PUBLISH", "c", &format!("{i} {padding}")]), 1);
    }
    for i in 0..2000 {
        let message = payload(&slow.read(PATIENCE).unwrap());
        assert!(message.starts_with(format!("{i} ").as_bytes()), "message {i}");
    }
}

#[test]
fn who_listens_may_be_idle() {
    let server = volatile(&["--timeout", "1"]);
    let mut listener = listener(&server, "c", Protocol::Resp2);
    let mut monitor = client(&server);
    call(&mut monitor, &["MONITOR"]);
    let mut idle = client(&server);
    call(&mut idle, &["PING"]);
    assert!(matches!(idle.read(Duration::from_secs(8)), Err(NoReply::Closed)));
    let mut publisher = client(&server);
    assert_eq!(number(&mut publisher, &["PUBLISH", "c", "x"]), 1);
    assert_eq!(payload(&listener.read(PATIENCE).unwrap()), b"x");
    assert!(monitor.read(PATIENCE).is_ok());
}
