//! One request, one reply: PING, GET, SET, XADD. The requests are encoded once, before the run; sending one is a copy
//! and, where keys vary, twelve digits.

use super::{Answer, KEY_DIGITS, Script, key};
use crate::cli::bench::load::{Load, Workload};
use crate::cli::bench::payload::Payloads;
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::command;
use crate::cli::bench::tally::Tally;
use std::sync::Arc;

/// Encoded requests are kept up to this size together (always at least one).
const TAPE_BYTES: usize = 4 << 20;
/// And up to this number.
const TAPE_REQUESTS: usize = 1 << 14;

/// Encoded requests of equal length with different payloads, shared by all connections.
pub(in crate::cli::bench) struct Tape {
    bytes: Vec<u8>,
    request_len: usize,
    /// Where a request's key digits begin; `None` when it has no key or the only one.
    digits_at: Option<usize>,
    keys: u64,
}

impl Tape {
    pub(in crate::cli::bench) fn new(load: &Load) -> Tape {
        let mut payloads = Payloads::new(load.payload_kind, load.payload, 42);
        let first = encode(load.workload, &payloads.make());
        let requests = if matches!(load.workload, Workload::Ping | Workload::Get) {
            1
        } else {
            (TAPE_BYTES / first.len()).clamp(1, TAPE_REQUESTS)
        };
        let request_len = first.len();
        let digits = key("", 0);
        let digits = &digits.as_bytes()[digits.len() - KEY_DIGITS..];
        let digits_at = first.windows(KEY_DIGITS).position(|w| w == digits).filter(|_| load.keys > 1);
        let mut bytes = first;
        for _ in 1..requests {
            bytes.extend(encode(load.workload, &payloads.make()));
        }
        Tape { bytes, request_len, digits_at, keys: load.keys }
    }

    fn requests(&self) -> usize {
        self.bytes.len() / self.request_len
    }
}

fn encode(workload: Workload, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![];
    match workload {
        Workload::Get => command(&mut out, &[b"GET", key("string", 0).as_bytes()]),
        Workload::Set => command(&mut out, &[b"SET", key("string", 0).as_bytes(), payload]),
        Workload::Xadd => command(&mut out, &[b"XADD", key("stream", 0).as_bytes(), b"*", b"f", payload]),
        _ => command(&mut out, &[b"PING"]),
    }
    out
}

/// Plays a tape, each connection from another place.
pub(in crate::cli::bench) struct Flat {
    tape: Arc<Tape>,
    next: usize,
    random: fastrand::Rng,
}

impl Flat {
    pub(in crate::cli::bench) fn new(tape: Arc<Tape>, seed: u64) -> Flat {
        let mut random = fastrand::Rng::with_seed(seed);
        let next = random.usize(..tape.requests());
        Flat { tape, next, random }
    }
}

impl Script for Flat {
    fn begin(&mut self, cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        let tape = &*self.tape;
        for _ in 0..cycles {
            let (from, at) = (self.next * tape.request_len, out.len());
            out.extend_from_slice(&tape.bytes[from..from + tape.request_len]);
            if let Some(digits_at) = tape.digits_at {
                patch(&mut out[at + digits_at..][..KEY_DIGITS], self.random.u64(..tape.keys));
            }
            self.next = if self.next + 1 == tape.requests() { 0 } else { self.next + 1 };
        }
        cycles
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        match answer.kind {
            Kind::Error => return,
            Kind::Null => tally.misses += 1,
            Kind::Value | Kind::Push => {}
        }
        tally.operation(answer.due_ns, answer.now_ns, 1);
    }

    fn overlaps(&self) -> bool {
        true
    }
}

/// Writes `number` over all of `digits`.
fn patch(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::workload::tests::{load, parse_all};

    fn begin(words: &[&str], cycles: usize) -> Vec<Vec<Vec<u8>>> {
        let mut out = vec![];
        let mut flat = Flat::new(Arc::new(Tape::new(&load(words))), 1);
        assert_eq!(flat.begin(cycles, 0, &mut out), cycles);
        parse_all(&out)
    }

    #[test]
    fn one_stream_and_changing_payloads() {
        let sent = begin(&["xadd"], 3);
        assert_eq!(sent[0][..4], [&b"XADD"[..], b"bench:stream:000000000000", b"*", b"f"]);
        assert_eq!(sent[0][4].len(), 100);
        assert_ne!(sent[0][4], sent[1][4]);
    }

    #[test]
    fn keys_are_spread_and_below_the_limit() {
        let sent = begin(&["set", "--keys", "7", "-d", "0"], 200);
        let mut keys: Vec<&[u8]> = sent.iter().map(|args| &args[1][..]).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 7);
        assert_eq!(keys[6], b"bench:string:000000000006");
    }

    #[test]
    fn a_payload_larger_than_the_tape_is_kept_once() {
        assert_eq!(Tape::new(&load(&["xadd", "-d", "5000000"])).requests(), 1);
        assert_eq!(begin(&["ping"], 2), [[b"PING"], [b"PING"]]);
    }
}
