//! What to run against whom: the settings of one run, with every default already filled in. Made by `cli`, read by all.

use clap::ValueEnum;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

/// What a connection does over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Workload {
    /// PING
    Ping,
    /// GET of keys that exist
    Get,
    /// SET
    Set,
    /// XADD of one field to one stream, or spread over --keys streams
    Xadd,
    /// XREADGROUP COUNT n and XACK until a filled stream is drained
    Group,
    /// SET NX PX, then the release chosen with --release
    Lock,
    /// XRANGE COUNT n from random places of a filled stream
    Xrange,
    /// XADD at a fixed rate to consumers blocked in XREADGROUP: the latency is from intended send to delivery
    Delay,
}

impl Workload {
    pub(super) fn name(self) -> &'static str {
        match self {
            Workload::Ping => "ping",
            Workload::Get => "get",
            Workload::Set => "set",
            Workload::Xadd => "xadd",
            Workload::Group => "group",
            Workload::Lock => "lock",
            Workload::Xrange => "xrange",
            Workload::Delay => "delay",
        }
    }

    /// Keys used unless the user says otherwise. Locks are spread so that clients do not wait for each other.
    pub(super) fn default_keys(self) -> u64 {
        match self {
            Workload::Get | Workload::Set => 10_000,
            Workload::Lock => 1_000_000,
            _ => 1,
        }
    }
}

/// How a lock is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Release {
    /// EVALSHA of a script that compares and deletes: any server with scripts
    Eval,
    /// DELEX key IFEQ token: Redis 8.4 and later
    Delex,
    /// DELIFEQ key token: Valkey 9
    Delifeq,
    /// DEL without comparing
    Del,
}

/// What the written values look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PayloadKind {
    /// Random letters: hardly compressible
    Random,
    /// Objects with repeating names: compressible like events
    Json,
}

impl PayloadKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            PayloadKind::Random => "random",
            PayloadKind::Json => "json",
        }
    }
}

/// The settings of one run.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) workload: Workload,
    pub(super) clients: usize,
    /// Requests in one round trip; in an open loop, how many a connection may have unanswered.
    pub(super) pipeline: usize,
    pub(super) requests: Option<u64>,
    pub(super) seconds: Option<f64>,
    pub(super) warm_up_s: f64,
    pub(super) payload: usize,
    pub(super) payload_kind: PayloadKind,
    pub(super) threads: usize,
    /// Cycles a second of an open loop.
    pub(super) rate: Option<f64>,
    /// The server syncs before it answers (`appendfsync always`) while this runs.
    pub(super) always: bool,
    pub(super) resp: u8,
    pub(super) keys: u64,
    pub(super) count: usize,
    /// Entries that are filled in before `group` and `xrange`, all streams together.
    pub(super) entries: u64,
    pub(super) producers: usize,
    pub(super) release: Release,
    pub(super) flush: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

impl Load {
    /// A short title that tells this run from others of a suite.
    pub(super) fn title(&self) -> String {
        let mut title = match self.rate {
            Some(rate) => format!("{} rate={rate}/s", self.workload.name()),
            None => format!("{} P={}", self.workload.name(), self.pipeline),
        };
        if self.always {
            title.push_str(&format!(" appendfsync=always clients={}", self.clients));
        }
        if matches!(self.workload, Workload::Group | Workload::Xrange) {
            title.push_str(&format!(" count={}", self.count));
        }
        if self.keys != self.workload.default_keys() {
            title.push_str(&format!(" keys={}", self.keys));
        }
        title
    }
}

/// A server under test.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) name: String,
    pub(super) address: SocketAddr,
    /// Its process, when the user gave it.
    pub(super) pid: Option<u32>,
}

impl Target {
    pub(super) fn new(name: &str, address: &str, pid: Option<u32>) -> Result<Target, String> {
        let mut found = address.to_socket_addrs().map_err(|e| format!("{address}: {e}"))?;
        let address = found.next().ok_or_else(|| format!("{address}: no such address"))?;
        Ok(Target { name: name.to_owned(), address, pid })
    }
}

impl FromStr for Target {
    type Err = String;

    /// `name=host:port` or `name=host:port:pid`.
    fn from_str(text: &str) -> Result<Target, String> {
        let want = || format!("want name=host:port[:pid], got {text}");
        let (name, rest) = text.split_once('=').ok_or_else(want)?;
        // An IPv6 host is in brackets, so the colons after it are ours.
        let host_end = rest.rfind(']').map_or(0, |i| i + 1);
        let port_at = host_end + rest[host_end..].find(':').ok_or_else(want)?;
        match rest[port_at + 1..].split_once(':') {
            None => Target::new(name, rest, None),
            Some((port, pid)) => {
                let pid = pid.parse().map_err(|_| want())?;
                Target::new(name, &rest[..port_at + 1 + port.len()], Some(pid))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn targets() {
        let target: Target = "a=127.0.0.1:7001:42".parse().unwrap();
        assert_eq!((target.address.to_string().as_str(), target.pid), ("127.0.0.1:7001", Some(42)));
        let target: Target = "b=[::1]:7001".parse().unwrap();
        assert_eq!((target.address.to_string().as_str(), target.pid), ("[::1]:7001", None));
        for wrong in ["a", "a=localhost", "a=127.0.0.1:1:x", "a=127.0.0.1:x"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
