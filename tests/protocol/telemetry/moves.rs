//! Counters that move: the same traffic on both servers leaves the same counts in INFO, or at least makes them grow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use brooklet_testkit::client::PATIENCE;
use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target};

use super::{Outcome, ask, page, verdict};

/// The same number on both servers, and not 0.
const SAME: &[&str] = &[
    "connected_clients",
    "blocked_clients",
    "tracking_clients",
    "pubsub_clients",
    "watching_clients",
    "clients_in_timeout_table",
    "total_watched_keys",
    "total_blocking_keys",
    "total_blocking_keys_on_nokey",
    "total_connections_received",
    "rejected_connections",
    "expired_keys",
    "expired_subkeys",
    "keyspace_hits",
    "keyspace_misses",
    "pubsub_channels",
    "pubsub_patterns",
    "pubsubshard_channels",
    "tracking_total_keys",
    "tracking_total_items",
    "tracking_total_prefixes",
    "total_error_replies",
    "client_query_buffer_limit_disconnections",
    "client_output_buffer_limit_disconnections",
    "acl_access_denied_auth",
    "acl_access_denied_cmd",
    "acl_access_denied_key",
    "acl_access_denied_channel",
    "errorstat_ERR",
    "errorstat_NOPERM",
    "errorstat_WRONGPASS",
    "errorstat_WRONGTYPE",
    "cmdstat_set",
    "cmdstat_get",
    "cmdstat_incr",
    "cmdstat_xgroup|create",
    "cmdstat_client|tracking",
];

/// More than before.
const MORE: &[&str] = &[
    "rdb_changes_since_last_save",
    "total_commands_processed",
    "total_net_input_bytes",
    "total_net_output_bytes",
    "total_reads_processed",
    "total_writes_processed",
    "instantaneous_ops_per_sec",
    "used_memory",
    "used_memory_peak",
    "used_memory_overhead",
    "mem_clients_normal",
];

/// Plays and compares.
pub fn run(ours: &Target, reference: &Target) -> Outcome {
    let (our, their) = (play(ours)?, play(reference)?);
    let mut wrong = Vec::new();
    for name in SAME {
        let (is, expected) = (our.after.get(*name), their.after.get(*name));
        if is != expected || is.is_none_or(|value| value == "0") {
            wrong.push(format!("{name} is {is:?}, the reference has {expected:?}"));
        }
    }
    for name in MORE {
        let number = |of: &Lines| of.get(*name).and_then(|text| text.parse::<f64>().ok());
        if number(&our.before).is_none() || number(&our.after) <= number(&our.before) {
            wrong.push(format!("{name} was {:?} and is {:?}", our.before.get(*name), our.after.get(*name)));
        }
    }
    verdict(wrong)
}

type Lines = BTreeMap<String, String>;

struct Played {
    before: Lines,
    after: Lines,
}

fn lines(client: &mut Client) -> Result<Lines, String> {
    let page = page(client)?;
    Ok(page
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), counts(value)))
        .collect())
}

/// A value without what it says of time.
fn counts(value: &str) -> String {
    value.split(',').filter(|field| !field.starts_with("usec")).collect::<Vec<_>>().join(",")
}

fn until(client: &mut Client, name: &str, value: &str) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let is = lines(client)?.remove(name);
        if is.as_deref() == Some(value) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("{name} is {is:?} and never was {value}"));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn play(target: &Target) -> Result<Played, String> {
    let server = Server::start(target, Data::Volatile, &[]).map_err(|e| e.to_string())?;
    let connect = || server.connect(Protocol::Resp2).map_err(|e| e.to_string());
    let mut c = connect()?;
    ask(&mut c, &["CONFIG", "RESETSTAT"])?;
    let before = lines(&mut c)?;
    keys(&mut c)?;
    denied(&mut connect()?, &mut c)?;
    limits(&mut c, connect)?;
    // The reference counts twice what a reader of streams finds, we count what it asks XREAD for once.
    let read = lines(&mut c)?;
    let guests: Result<Vec<Client>, String> = GUESTS.iter().map(|calls| guest(&server, calls)).collect();
    until(&mut c, "blocked_clients", "2")?;
    until(&mut c, "connected_clients", &(GUESTS.len() + 1).to_string())?;
    let mut after = lines(&mut c)?;
    after.extend(read.into_iter().filter(|(name, _)| name.starts_with("keyspace_")));
    drop(guests);
    Ok(Played { before, after })
}

/// Hits, misses, errors, deadlines.
fn keys(c: &mut Client) -> Outcome {
    for call in [
        "SET a 1",
        "SET b x",
        "GET a",
        "GET a",
        "GET none",
        "EXISTS a none",
        "LPUSH l x",
        "GET l",
        "INCR b",
        "NOSUCHVERB",
        "SET only",
        "XADD s 1-1 f v",
        "XGROUP CREATE s g 0",
        "XGROUP CREATE s h 0",
        "SET gone v PX 1",
        "HSET h f v g w",
        "HPEXPIRE h 1 FIELDS 1 f",
        "MSET m 1 n 2",
        "DEL m none",
    ] {
        ask(c, &call.split(' ').collect::<Vec<_>>())?;
    }
    until(c, "expired_keys", "1")?;
    until(c, "expired_subkeys", "1")?;
    // The rate is a mean of some time.
    let deadline = Instant::now() + Duration::from_secs(10);
    while lines(c)?.get("instantaneous_ops_per_sec").is_none_or(|rate| rate == "0") && Instant::now() < deadline {}
    Ok(())
}

/// What access control refuses.
fn denied(guest: &mut Client, c: &mut Client) -> Outcome {
    ask(c, &["ACL", "SETUSER", "u", "on", ">x", "+get", "~a*", "&c", "+publish"])?;
    for call in ["AUTH u wrong", "AUTH u x", "SET a b", "GET b", "PUBLISH b x"] {
        ask(guest, &call.split(' ').collect::<Vec<_>>())?;
    }
    Ok(())
}

/// One connection too many, one that asks for too much, one that does not read.
fn limits(c: &mut Client, connect: impl Fn() -> Result<Client, String>) -> Outcome {
    until(c, "connected_clients", "1")?;
    ask(c, &["CONFIG", "SET", "maxclients", "1"])?;
    let _ = connect()?.read(PATIENCE);
    ask(c, &["CONFIG", "SET", "maxclients", "1000", "client-query-buffer-limit", "1mb"])?;
    ask(c, &["CONFIG", "SET", "client-output-buffer-limit", "pubsub 65536 0 0"])?;
    let mut greedy = connect()?;
    let _ = greedy.send_raw(&[b"*2\r\n$4\r\nECHO\r\n$3000000\r\n".as_slice(), &[b'x'; 2_000_000]].concat());
    until(c, "client_query_buffer_limit_disconnections", "1")?;
    let mut deaf = connect()?;
    ask(&mut deaf, &["SUBSCRIBE", "loud"])?;
    let large = "x".repeat(1 << 19);
    for _ in 0..32 {
        ask(c, &["PUBLISH", "loud", &large])?;
    }
    until(c, "client_output_buffer_limit_disconnections", "1")
}

/// Who stays: each with its calls; the last of one that waits is not answered.
const GUESTS: &[&[&str]] = &[
    &["SUBSCRIBE x y"],
    &["PSUBSCRIBE x*"],
    &["SSUBSCRIBE z"],
    &["WATCH a b"],
    &["CLIENT TRACKING ON", "GET a", "GET b"],
    &["CLIENT TRACKING ON BCAST PREFIX p PREFIX q"],
    &["XREADGROUP GROUP g c STREAMS s >", "wait XREADGROUP GROUP g c BLOCK 100000 STREAMS s >"],
    &["wait BLPOP none other 0"],
];

fn guest(server: &Server, calls: &[&str]) -> Result<Client, String> {
    let mut client = server.connect(Protocol::Resp3).map_err(|e| e.to_string())?;
    for call in calls {
        let waits = call.strip_prefix("wait ");
        let words: Vec<&str> = waits.unwrap_or(call).split(' ').collect();
        if waits.is_some() {
            client.send(&words).map_err(|why| format!("{why:?}"))?;
        } else {
            ask(&mut client, &words)?;
        }
    }
    Ok(client)
}
