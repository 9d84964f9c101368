//! Leases in process, and how long a lease takes from the one who gives it back to the one who waits for it.

use super::{bulk, number};
use brooklet::{Broker, Error, Reply, Session};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

fn fact(reply: &Reply, name: &str) -> Reply {
    let Reply::Map(pairs) = reply else { panic!("no map: {reply:?}") };
    pairs.iter().find(|(key, _)| *key == bulk(name)).unwrap_or_else(|| panic!("no {name}")).1.clone()
}

fn acquire(session: &Session, more: &[&str]) -> Reply {
    session.call(["LEASE.ACQUIRE", "lease"].iter().chain(more)).unwrap()
}

fn waits(broker: &Broker, how_many: usize) {
    let wanted = format!("lease_waiters:{how_many}\r\n");
    while !format!("{:?}", broker.session().call(["INFO", "brooklet"]).unwrap())
        .contains(&wanted.escape_debug().to_string())
    {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn waiter(broker: &Broker, holder: &'static str) -> JoinHandle<Reply> {
    let session = broker.session();
    std::thread::spawn(move || acquire(&session, &[holder, "60000", "WAIT", "0"]))
}

#[test]
fn a_bound_lease_goes_with_its_session() {
    let broker = Broker::builder().manual_clock().build().unwrap();
    let holder = broker.session();
    let first = number(fact(&acquire(&holder, &["a", "60000", "BIND", "50"]), "token"));
    let next = waiter(&broker, "b");
    waits(&broker, 1);
    drop(holder);
    let left = broker.session().call(["PTTL", "lease"]).unwrap();
    assert_eq!(left, Reply::Integer(50));
    broker.advance(Duration::from_millis(50));
    let next = next.join().unwrap();
    assert_eq!(fact(&next, "acquired"), Reply::Integer(1));
    assert!(number(fact(&next, "token")) > first);
}

#[test]
fn a_holder_that_comes_late_is_fenced_off() {
    let broker = Broker::builder().manual_clock().build().unwrap();
    let (late, next) = (broker.session(), broker.session());
    let old = number(fact(&acquire(&late, &["late", "1000"]), "token")).to_string();
    broker.advance(Duration::from_secs(1));
    let new = number(fact(&acquire(&next, &["next", "1000"]), "token")).to_string();
    let write = |session: &Session, token: &str| session.call(["LEASE.EXEC", "lease", token, "INCR", "n"]);
    match write(&late, &old) {
        Err(Error::Refused(line)) => assert_eq!(line, format!("FENCED {new}")),
        other => panic!("{other:?}"),
    }
    assert_eq!(write(&next, &new).unwrap(), Reply::Integer(1));
}

/// A connection of its own, for times.
struct Wire(TcpStream);

impl Wire {
    fn open(addr: SocketAddr) -> Wire {
        let stream = TcpStream::connect(addr).unwrap();
        stream.set_nodelay(true).unwrap();
        Wire(stream)
    }

    fn send(&mut self, line: &str) {
        self.0.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// Reads until an answer ends as one of these does.
    fn read(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut bytes = [0; 4096];
        while !text.ends_with(end) {
            let n = self.0.read(&mut bytes).unwrap();
            assert!(n > 0, "{text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..n]));
        }
        text
    }
}

/// `cargo test --release --test embed -- --ignored --nocapture handover`: from the release being sent to the answer of whoever
/// waits, over TCP on one machine, with `STANDBYS` more who wait behind.
#[test]
#[ignore = "a measurement"]
fn handover_time() {
    let standbys = std::env::var("STANDBYS").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let broker = Broker::in_memory();
    let addr = broker.listen("127.0.0.1:0").unwrap();
    let mut idle: Vec<Wire> = (0..standbys).map(|_| Wire::open(addr)).collect();
    let mut pair = [(Wire::open(addr), "a"), (Wire::open(addr), "b")];
    let end = "queue-pos\r\n:0\r\n";
    pair[0].0.send("LEASE.ACQUIRE lease a 60000");
    pair[0].0.read(end);
    for (i, standby) in idle.iter_mut().enumerate() {
        standby.send(&format!("LEASE.ACQUIRE lease standby-{i} 60000 WAIT 0 PRIORITY -1"));
    }
    waits(&broker, standbys);
    let mut took: Vec<Duration> = Vec::new();
    let looker = broker.session();
    for _ in 0..5000 {
        let [(holder, name), (next, other)] = &mut pair;
        next.send(&format!("LEASE.ACQUIRE lease {other} 60000 WAIT 0"));
        while number(fact(&looker.call(["LEASE.GET", "lease"]).unwrap(), "waiters")) != standbys as i64 + 1 {}
        let token = number(fact(&looker.call(["LEASE.GET", "lease"]).unwrap(), "token"));
        let began = Instant::now();
        holder.send(&format!("LEASE.RELEASE lease {name} {token}"));
        next.read(end);
        took.push(began.elapsed());
        holder.read(":1\r\n");
        pair.swap(0, 1);
    }
    took.sort_unstable();
    let at = |part: usize| took[took.len() * part / 1000];
    println!("{standbys} standbys: handover p50 {:?}, p99 {:?}, p99.9 {:?}", at(500), at(990), at(999));
}
