//! What is on disk: restarts that do not read it, space that comes back, calls that wait for it.

use super::{MIB, call, client, info, number, start, text};
use brooklet_testkit::client::{PATIENCE, encode};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Server, Value};
use std::path::Path;
use std::time::{Duration, Instant};

/// Appends `count` entries of `size` bytes that do not compress.
fn fill(server: &Server, stream: &str, count: usize, size: usize) {
    let mut writer = client(server);
    let mut random = fastrand::Rng::with_seed(7);
    for batch in 0..count.div_ceil(500) {
        let now = 500.min(count - batch * 500);
        let mut bytes = Vec::new();
        for _ in 0..now {
            let value: String = (0..size).map(|_| random.alphanumeric()).collect();
            bytes.extend(encode(&["XADD", stream, "*", "f", &value]));
        }
        writer.send_raw(&bytes).unwrap();
        for _ in 0..now {
            writer.read(PATIENCE).unwrap();
        }
    }
}

fn bytes_in(folder: &Path) -> u64 {
    let mut total = 0;
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        total += if meta.is_dir() { bytes_in(&entry.path()) } else { meta.len() };
    }
    total
}

fn wait_for(client: &mut Client, words: &[&str]) -> Value {
    client.send(words).unwrap();
    client.read(Duration::from_secs(60)).unwrap()
}

#[test]
fn the_space_of_trimmed_entries_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(Data::Durable(folder.path().into()), &["--journal-segment-bytes", "4mb"]);
    fill(&server, "s", 60_000, 1000);
    let mut c = client(&server);
    assert_eq!(wait_for(&mut c, &["SAVE"]), Value::Simple(b"OK".to_vec()));
    // Beside this stands the journal: one file in use and spare ones: up to 64 MiB and two.
    let backend = folder.path().join("backend");
    let full = bytes_in(&backend);
    assert!(full > 30 * MIB, "{full} bytes for 60 MB of entries");
    assert_eq!(number(&mut c, &["XTRIM", "s", "MAXLEN", "=", "100"]), 59_900);
    // Space comes back with checkpoints and what RocksDB tidies after them.
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        wait_for(&mut c, &["SAVE"]);
        let left = bytes_in(&backend);
        if left < full / 5 {
            break;
        }
        assert!(Instant::now() < deadline, "{left} of {full} bytes are still there");
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(number(&mut c, &["XLEN", "s"]), 100);
    let journal = bytes_in(&folder.path().join("journal"));
    assert!(journal <= 80 * MIB, "{journal} bytes of journal");
}

#[test]
fn a_restart_does_not_read_the_stream() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(Data::Durable(folder.path().into()), &[]);
    fill(&server, "s", 200_000, 20);
    let mut c = client(&server);
    wait_for(&mut c, &["SAVE"]);
    call(&mut c, &["XADD", "s", "*", "last", "one"]);
    server.kill().unwrap();
    let began = Instant::now();
    server.restart().unwrap();
    let mut c = client(&server);
    assert_eq!(number(&mut c, &["XLEN", "s"]), 200_001);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    // Neither the start nor XLEN has brought the entries into memory.
    let in_memory = info(&mut c, "used_memory");
    assert!(in_memory < 40 * MIB, "{in_memory} bytes");
    let last = text(&mut c, &["OBJECT", "ENCODING", "s"]);
    assert_eq!(last, "stream");
}

/// Each process begins a journal file, and none lives to see a checkpoint come by itself.
#[test]
fn processes_that_die_young_do_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--journal-segment-bytes", "1mb", "--checkpoint-bytes", "1mb"];
    let mut server = start(Data::Durable(folder.path().into()), &flags);
    for round in 0..20 {
        assert_eq!(text(&mut client(&server), &["SET", &format!("k{round}"), "v"]), "OK");
        std::thread::sleep(Duration::from_millis(250));
        server.kill().unwrap();
        server.restart().unwrap();
    }
    assert_eq!(number(&mut client(&server), &["DBSIZE"]), 20);
    let journal = bytes_in(&folder.path().join("journal"));
    assert!(journal <= 10 * MIB, "{journal} bytes of journal");
}

#[test]
fn calls_that_wait_for_the_disk_return() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(Data::Durable(folder.path().into()), &["--enable-debug-command", "yes"]);
    let mut c = client(&server);
    call(&mut c, &["SET", "k", "v"]);
    let synced = wait_for(&mut c, &["WAITAOF", "1", "0", "0"]);
    assert_eq!(synced, Value::Array(vec![Value::Integer(1), Value::Integer(0)]));
    let before = number(&mut c, &["LASTSAVE"]);
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(wait_for(&mut c, &["SAVE"]), Value::Simple(b"OK".to_vec()));
    assert!(number(&mut c, &["LASTSAVE"]) > before);
    assert_eq!(wait_for(&mut c, &["BGSAVE"]), Value::Simple(b"Background saving started".to_vec()));
    for reload in [&["DEBUG", "RELOAD"][..], &["DEBUG", "LOADAOF"]] {
        assert_eq!(wait_for(&mut c, reload), Value::Simple(b"OK".to_vec()), "{reload:?}");
        assert_eq!(text(&mut c, &["GET", "k"]), "v", "after {reload:?}");
    }
    server.kill().unwrap();
    server.restart().unwrap();
    assert_eq!(text(&mut client(&server), &["GET", "k"]), "v");
}
