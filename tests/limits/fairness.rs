//! One greedy client does not slow the others down: their median and their p99 stay within three times of what they are
//! without it.
//!
//! Measured from outside, by clients that make a few hundred calls a second each. Below [`FLOOR`] an idle figure is the
//! noise of a machine that runs the server, the greedy client and the ones that measure on the same cores.

#![allow(clippy::print_stdout, reason = "figures, for who asks with --nocapture and for who reads a failure")]

use super::connections::raw;
use super::{call, client, number, start};
use brooklet_testkit::Server;
use brooklet_testkit::client::{PATIENCE, encode};
use brooklet_testkit::server::Data;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Idle figures below these count as these: with more that runs than cores, the system's turns of three to four
/// milliseconds are in every p99.
const FLOOR: Delays = Delays { median: Duration::from_millis(1), p99: Duration::from_millis(5) };
/// How much larger they may get.
const FACTOR: u32 = 3;
/// Clients whose calls are measured, and the rest after each of their calls.
const ORDINARY: usize = 4;
const REST: Duration = Duration::from_millis(3);
/// How long is measured each time.
const ROUND: Duration = Duration::from_secs(3);
/// Rounds, of which the best counts: something else may want the machine for a moment, and unfairness is in all of them.
const ROUNDS: usize = 3;
/// Entries of the stream that is read as a whole, of 100 bytes each.
const ENTRIES: usize = 1_000_000;

/// How long calls take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Delays {
    median: Duration,
    p99: Duration,
}

/// How long PING, GET and XADD take, at best.
fn delays(server: &Server) -> Delays {
    let rounds: Vec<Delays> = (0..ROUNDS).map(|_| delays_of_round(server)).collect();
    let best = |figure: fn(&Delays) -> Duration| rounds.iter().map(figure).min().unwrap();
    Delays { median: best(|d| d.median), p99: best(|d| d.p99) }
}

fn delays_of_round(server: &Server) -> Delays {
    let mut took: Vec<Duration> = std::thread::scope(|scope| {
        let measure = |n| move || one_client(server, n);
        let all: Vec<_> = (0..ORDINARY).map(|n| scope.spawn(measure(n))).collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    took.sort_unstable();
    Delays { median: took[took.len() / 2], p99: took[took.len() * 99 / 100] }
}

fn one_client(server: &Server, n: usize) -> Vec<Duration> {
    let mut c = client(server);
    let (stream, began, mut took) = (format!("ordinary{n}"), Instant::now(), Vec::new());
    let calls: [&[&str]; 3] = [&["PING"], &["GET", "k"], &["XADD", &stream, "MAXLEN", "~", "1000", "*", "f", "v"]];
    for words in calls.iter().cycle() {
        let sent = Instant::now();
        call(&mut c, words);
        took.push(sent.elapsed());
        if began.elapsed() > ROUND {
            break;
        }
        sleep(REST);
    }
    took
}

/// How long calls take while `greedy` calls over and over; how often it did.
fn delays_beside(server: &Server, greedy: impl Fn(&mut TcpStream) + Sync) -> (Delays, usize) {
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let rounds = scope.spawn(|| {
            let (mut stream, mut rounds) = (raw(server), 0);
            while !enough.load(Ordering::Acquire) {
                greedy(&mut stream);
                rounds += 1;
            }
            rounds
        });
        sleep(Duration::from_millis(200));
        let delays = delays(server);
        enough.store(true, Ordering::Release);
        (delays, rounds.join().unwrap())
    })
}

/// Sends `request` and reads until what comes ends with `end`.
fn exchange(stream: &mut TcpStream, request: &[u8], end: &[u8]) -> usize {
    let mut from = stream.try_clone().unwrap();
    let (mut chunk, mut last, mut total) = (vec![0; 256 * 1024], Vec::new(), 0);
    std::thread::scope(|scope| {
        // Beside the reading: a client that writes ten thousand calls before it reads is ordinary, one that stops is not.
        scope.spawn(|| stream.write_all(request).unwrap());
        while !last.ends_with(end) {
            let n = from.read(&mut chunk).unwrap();
            assert!(n > 0, "the connection was closed");
            total += n;
            last.extend_from_slice(&chunk[n.saturating_sub(end.len())..n]);
            last.drain(..last.len().saturating_sub(end.len()));
        }
    });
    total
}

fn hold(what: &str, idle: Delays, (beside, rounds): (Delays, usize)) {
    let figures = format!("beside {what} ({rounds} times): {beside:?}, idle: {idle:?}");
    println!("{figures}");
    assert!(rounds > 0, "{what} did not come to an end once");
    assert!(beside.median <= idle.median.max(FLOOR.median) * FACTOR, "median: {figures}");
    assert!(beside.p99 <= idle.p99.max(FLOOR.p99) * FACTOR, "p99: {figures}");
}

/// Appends [`ENTRIES`] to the stream `long`.
fn fill(server: &Server) {
    let mut c = client(server);
    let entry = encode(&["XADD", "long", "*", "field", &"x".repeat(95)]);
    let batch = entry.repeat(2000);
    for _ in 0..ENTRIES / 2000 {
        c.send_raw(&batch).unwrap();
        (0..2000).for_each(|_| drop(c.read(PATIENCE).unwrap()));
    }
}

const MARK: &[u8] = b"$3\r\nend\r\n";

fn read_all(stream: &mut TcpStream) {
    let request = [encode(&["XRANGE", "long", "-", "+"]), encode(&["ECHO", "end"])].concat();
    let bytes = exchange(stream, &request, MARK);
    assert!(bytes > ENTRIES * 100, "{bytes} bytes for all entries");
}

#[test]
#[ignore = "measured, so it wants the machine for itself: the gate runs it alone"]
fn a_pipeline_of_ten_thousand_is_not_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(Data::Durable(folder.path().into()), &[]);
    let idle = delays(&server);
    let calls = encode(&["XADD", "greedy", "MAXLEN", "~", "100000", "*", "field", &"x".repeat(95)]).repeat(10_000);
    let request = [calls, encode(&["ECHO", "end"])].concat();
    let beside = delays_beside(&server, |stream| _ = exchange(stream, &request, MARK));
    hold("a pipeline of 10 000 XADDs", idle, beside);
}

#[test]
#[ignore = "measured, so it wants the machine for itself: the gate runs it alone"]
fn who_reads_everything_is_not_alone() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--maxmemory", "1gb"];
    let mut server = start(Data::Durable(folder.path().into()), &flags);
    let idle = delays(&server);
    fill(&server);
    hold("an XRANGE over everything", idle, delays_beside(&server, read_all));
    // The same from disk. What was read stays in memory for a while, so each time begins with a restart.
    let mut c = client(&server);
    call(&mut c, &["SAVE"]);
    drop(c);
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(number(&mut client(&server), &["XLEN", "long"]), ENTRIES as i64);
    hold("an XRANGE over everything from disk", idle, delays_beside(&server, read_all));
}
