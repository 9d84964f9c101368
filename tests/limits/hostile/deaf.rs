//! Replies and messages that nobody reads: what waits for them is bounded, and who lets it grow is stopped or closed.

use super::*;
use brooklet_testkit::client::encode;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Sends as much of `bytes` as the server takes within a moment.
fn pour(stream: &mut TcpStream, bytes: &[u8]) {
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let _ = stream.write_all(bytes);
}

fn fill(server: &Server) {
    let mut writer = client(server);
    let entry = encode(&["XADD", "s", "*", "f", &"x".repeat(200)]);
    for _ in 0..50 {
        writer.send_raw(&entry.repeat(1000)).unwrap();
        for _ in 0..1000 {
            writer.read(brooklet_testkit::client::PATIENCE).unwrap();
        }
    }
    call(&mut writer, &["SET", "big", &"x".repeat(1 << 20)]);
}

/// What waits to be sent to the client for which most does.
fn most_unsent(client: &mut Client) -> u64 {
    let lines = text(client, &["CLIENT", "LIST"]);
    let omem = |line: &str| line.split(' ').find_map(|field| field.strip_prefix("omem=")?.parse().ok());
    lines.lines().filter_map(omem).max().unwrap_or(0)
}

#[test]
fn pipelines_whose_replies_are_never_read_stand_still() {
    let server = volatile(&[]);
    fill(&server);
    let mut other = client(&server);
    let (before, mut all) = (resident(&server), Vec::new());
    for words in [
        &["INFO", "everything"][..],
        &["XRANGE", "s", "-", "+"],
        &["XREVRANGE", "s", "+", "-"],
        &["XREAD", "STREAMS", "s", "0"],
        &["GET", "big"],
        &["COMMAND", "DOCS"],
        &["CONFIG", "GET", "*"],
        &["NOSUCH"],
    ] {
        let mut deaf = raw(&server);
        // A million bytes of requests: gigabytes of replies.
        let one = encode(words);
        pour(&mut deaf, &one.repeat((1 << 20) / one.len()));
        std::thread::sleep(Duration::from_millis(50));
        let replies = most_unsent(&mut other);
        assert!(replies < 24 * MIB, "{words:?}: {replies} bytes of replies wait for somebody who does not read");
        costs_little(&server, before, &words.join(" "));
        // Still there, and served when it reads.
        let mut first = [0; 1];
        deaf.read_exact(&mut first).unwrap();
        all.push(deaf);
    }
    // They were stopped, not shown out, and of what they asked for little was done.
    assert_eq!(info(&mut other, "connected_clients"), all.len() as u64 + 1);
    assert_eq!(info(&mut other, "client_output_buffer_limit_disconnections"), 0);
    costs_little(&server, before, &format!("{} clients that never read", all.len()));
    nobody_is_disturbed(&server);
}

/// Those who are told of what others do, and never look.
#[test]
fn who_listens_and_never_reads_is_closed() {
    let server = volatile(&[
        "--client-output-buffer-limit",
        "normal 8mb 4mb 60 pubsub 8mb 4mb 60",
        "--notify-keyspace-events",
        "KEA",
    ]);
    let mut writer = client(&server);
    for opening in [
        &b"MONITOR\r\n"[..],
        b"HELLO 3\r\nCLIENT TRACKING ON BCAST\r\n",
        b"PSUBSCRIBE *\r\n",
        b"HELLO 3\r\nPSUBSCRIBE __key*\r\n",
    ] {
        let before = resident(&server);
        let closed = info(&mut writer, "client_output_buffer_limit_disconnections");
        let mut deaf = raw(&server);
        deaf.write_all(opening).unwrap();
        deaf.read_exact(&mut [0; 5]).unwrap();
        let key = "k".repeat(100_000);
        let mut told = 0;
        until("its end", || {
            for i in 0..20 {
                call(&mut writer, &["SET", &format!("{i}{key}"), "v"]);
            }
            told += 20;
            costs_little(&server, before, &String::from_utf8_lossy(opening));
            info(&mut writer, "client_output_buffer_limit_disconnections") > closed
        });
        assert!(told < 1000, "{}: {told} messages of 100 KB", opening.escape_ascii());
        until("its place", || info(&mut writer, "connected_clients") == 1);
        call(&mut writer, &["FLUSHALL"]);
    }
    nobody_is_disturbed(&server);
}
