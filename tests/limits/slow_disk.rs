//! A disk that takes two megabytes a second: writers wait for it, and nothing else happens. Memory stays within its
//! budget, no client is dropped or refused, readers of the tail are answered at once, and all that was acknowledged
//! survives a kill.
//!
//! The disk is slowed down by the system (`blkio.throttle` of control groups), for the server alone. That takes root and a
//! kernel that can; elsewhere this test says so and fails.

#![allow(clippy::print_stdout, reason = "figures, for who asks with --nocapture and for who reads a failure")]

use super::group::Group;
use super::{MIB, call, client, info, number, resident, start, text};
use brooklet_testkit::client::encode;
use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Server, Value};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const BYTES_A_SECOND: u64 = 2 << 20;
const ROUND: Duration = Duration::from_secs(20);
const WRITERS: usize = 4;
/// How long a call may have to wait at most.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of an entry's value.
const VALUE: usize = 1000;

/// Slows `server` down on the disk that holds `folder`.
fn slowed(server: &Server, folder: &Path) -> Group {
    let device = std::fs::metadata(folder).unwrap().dev();
    let limit = format!("{}:{} {BYTES_A_SECOND}", rustix::fs::major(device), rustix::fs::minor(device));
    Group::limit("blkio", server.pid(), &[("blkio.throttle.write_bps_device", limit)]).unwrap()
}

fn wait_for(c: &mut Client, words: &[&str]) -> Value {
    c.send(words).unwrap();
    c.read(PATIENCE).unwrap()
}

/// Appends to a stream of its own, 32 entries at once, until it is told to stop; how many were acknowledged, and the
/// longest wait.
fn write(server: &Server, n: usize, enough: &AtomicBool, total: &AtomicU64) -> (u64, Duration) {
    let (mut c, mut random) = (client(server), fastrand::Rng::with_seed(n as u64));
    let (mut done, mut longest, stream) = (0, Duration::ZERO, format!("s{n}"));
    while !enough.load(Ordering::Acquire) {
        let mut bytes = Vec::new();
        for _ in 0..32 {
            let value: String = (0..VALUE).map(|_| random.alphanumeric()).collect();
            bytes.extend(encode(&["XADD", &stream, "*", "f", &value]));
        }
        let sent = Instant::now();
        c.send_raw(&bytes).unwrap();
        for _ in 0..32 {
            let reply = c.read(PATIENCE).unwrap();
            assert!(matches!(reply, Value::Bulk(_)), "{reply:?}");
            done += 1;
        }
        total.fetch_add(32, Ordering::AcqRel);
        longest = longest.max(sent.elapsed());
    }
    (done, longest)
}

/// Reads the newest entries of the streams over and over; how long each read took.
fn follow(server: &Server, enough: &AtomicBool) -> Vec<Duration> {
    let (mut c, mut took) = (client(server), Vec::new());
    while !enough.load(Ordering::Acquire) {
        for n in 0..WRITERS {
            let began = Instant::now();
            let newest = wait_for(&mut c, &["XREVRANGE", &format!("s{n}"), "+", "-", "COUNT", "10"]);
            took.push(began.elapsed());
            assert!(matches!(newest, Value::Array(_)), "{newest:?}");
        }
        sleep(Duration::from_millis(5));
    }
    took.sort_unstable();
    took
}

#[test]
#[ignore = "measured, so it wants the machine for itself: the gate runs it alone"]
fn a_slow_disk_makes_writers_wait_and_nothing_else() {
    // A folder for temporary files may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let flags = ["--maxmemory", "64mb", "--checkpoint-bytes", "8mb", "--journal-segment-bytes", "4mb"];
    let mut server = start(Data::Durable(folder.path().into()), &flags);
    let slow = slowed(&server, folder.path());
    let (enough, total) = (AtomicBool::new(false), AtomicU64::new(0));
    let (written, reads, most) = std::thread::scope(|scope| {
        let (server, enough, total) = (&server, &enough, &total);
        let writers: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || write(server, n, enough, total))).collect();
        let reader = scope.spawn(move || follow(server, enough));
        let (began, mut most, mut second) = (Instant::now(), 0, 0);
        while began.elapsed() < ROUND {
            most = most.max(resident(server));
            if began.elapsed().as_secs() > second {
                second = began.elapsed().as_secs();
                let mut c = client(server);
                let page = text(&mut c, &["INFO", "everything"]);
                let wanted = ["backpressure", "journal_bytes", "aof_delayed_fsync", "used_memory:", "storage_write"];
                let lines: Vec<&str> = page.lines().filter(|l| wanted.iter().any(|w| l.starts_with(w))).collect();
                println!(
                    "{second} s: {} entries, {} MB; {}",
                    total.load(Ordering::Acquire),
                    most / MIB,
                    lines.join(" ")
                );
            }
            sleep(Duration::from_millis(50));
        }
        enough.store(true, Ordering::Release);
        let written: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        (written, reader.join().unwrap(), most)
    });
    let mut c = client(&server);
    let waited_ms = info(&mut c, "backpressure_ms");
    let longest = written.iter().map(|(_, longest)| *longest).max().unwrap();
    let at = |part: usize| reads[reads.len() * part / 1000];
    println!(
        "{} entries of {VALUE} bytes; writers waited {waited_ms} ms, at most {longest:?} for 32 entries; \
         {} reads of the tail: p50 {:?}, p99 {:?}, most {:?}; {} MB resident",
        written.iter().map(|(done, _)| done).sum::<u64>(),
        reads.len(),
        at(500),
        at(990),
        reads[reads.len() - 1],
        most / MIB
    );
    assert!(waited_ms > 0, "INFO does not say that writers had to wait");
    assert!(most < 160 * MIB, "{most} bytes resident for a budget of 64 MiB");
    assert!(at(990) < Duration::from_millis(20), "p99 {:?} of reads of the tail", at(990));
    assert!(info(&mut c, "total_error_replies") == 0);
    drop(c);
    server.kill().unwrap();
    drop(slow);
    server.restart().unwrap();
    for (n, (done, _)) in written.iter().enumerate() {
        let found = number(&mut client(&server), &["XLEN", &format!("s{n}")]) as u64;
        assert!(found >= *done, "{found} of {done} acknowledged entries of s{n}");
    }
    assert_eq!(call(&mut client(&server), &["PING"]), Value::Simple(b"PONG".to_vec()));
}
