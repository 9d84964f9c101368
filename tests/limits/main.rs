//! Hard days of a whole server: many clients, clients that never read or never send, more data than memory, a disk whose
//! space must come back, starts and ends, and the tools that people point at it. Each test starts its own server.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod access;
#[cfg(feature = "rocksdb")]
mod backup;
#[cfg(feature = "rocksdb")]
mod clock;
mod connections;
mod crowds;
#[cfg(feature = "rocksdb")]
mod disk;
#[cfg(feature = "rocksdb")]
mod edge;
#[cfg(feature = "tls")]
mod encrypted;
mod fairness;
#[cfg(feature = "rocksdb")]
mod format;
#[cfg(feature = "rocksdb")]
mod group;
mod hostile;
mod lifecycle;
mod local;
#[cfg(feature = "rocksdb")]
mod memory;
#[cfg(feature = "rocksdb")]
mod slow_disk;
mod subscribers;
mod tools;

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target, Value};
use std::time::{Duration, Instant};

fn target() -> Target {
    Target::under_test(env!("CARGO_BIN_EXE_brooklet"))
}

/// A server that keeps nothing.
fn volatile(flags: &[&str]) -> Server {
    start(Data::Volatile, flags)
}

fn start(data: Data, flags: &[&str]) -> Server {
    let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    Server::start(&target(), data, &flags).unwrap()
}

fn client(server: &Server) -> Client {
    server.connect(Protocol::Resp2).unwrap()
}

fn call(client: &mut Client, words: &[&str]) -> Value {
    client.call(words).unwrap_or_else(|why| panic!("{words:?}: {why:?}"))
}

fn number(client: &mut Client, words: &[&str]) -> i64 {
    let reply = call(client, words);
    reply.number().unwrap_or_else(|| panic!("{words:?}: {reply:?}"))
}

fn text(client: &mut Client, words: &[&str]) -> String {
    let reply = call(client, words);
    reply.text().unwrap_or_else(|| panic!("{words:?}: {reply:?}"))
}

/// A field of INFO as a number.
fn info(client: &mut Client, field: &str) -> u64 {
    let page = text(client, &["INFO", "everything"]);
    let line = page.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("no {field} in INFO")).trim().parse().unwrap()
}

/// Bytes of the server's resident set, as the system counts them.
fn resident(server: &Server) -> u64 {
    bytes_of(server, "VmRSS:")
}

fn bytes_of(server: &Server, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// The most that was resident at any time.
#[cfg(feature = "rocksdb")]
fn resident_peak(server: &Server) -> u64 {
    bytes_of(server, "VmHWM:")
}

/// Waits until `done`; says `what` if it never comes.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "{what} never came");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const MIB: u64 = 1 << 20;
