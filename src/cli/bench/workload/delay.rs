//! How long an entry takes from the producer's intended send to a consumer that waits in XREADGROUP. The entry carries
//! its due time, so producer and consumer need no table between them. One operation is one delivered entry.

use super::{Answer, GROUP, Script, group, key};
use crate::cli::bench::entries;
use crate::cli::bench::payload::Payloads;
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::command;
use crate::cli::bench::tally::Tally;

/// Digits of the due time that begins every payload.
const STAMP_DIGITS: usize = 20;
/// A consumer asks again after this time, so that it never waits on a connection that has died.
const BLOCK_MS: &[u8] = b"5000";

/// Adds entries; what it is answered does not count as operations.
pub(in crate::cli::bench) struct Producer {
    streams: u64,
    payloads: Vec<Vec<u8>>,
    random: fastrand::Rng,
}

impl Producer {
    pub(in crate::cli::bench) fn new(streams: u64, payloads: &mut Payloads, seed: u64) -> Producer {
        let payloads = (0..64).map(|_| payloads.make()).collect();
        Producer { streams, payloads, random: fastrand::Rng::with_seed(seed) }
    }
}

impl Script for Producer {
    fn begin(&mut self, cycles: usize, due_ns: u64, out: &mut Vec<u8>) -> usize {
        for _ in 0..cycles {
            let key = key("stream", self.random.u64(..self.streams));
            let payload = &self.payloads[self.random.usize(..self.payloads.len())];
            let mut value = format!("{due_ns:0width$}", width = STAMP_DIGITS).into_bytes();
            value.extend_from_slice(payload.get(STAMP_DIGITS..).unwrap_or(&[]));
            command(out, &[b"XADD", key.as_bytes(), b"*", b"f", &value]);
        }
        cycles
    }

    fn answer(&mut self, _answer: &Answer<'_>, _tally: &mut Tally) {}

    fn overlaps(&self) -> bool {
        true
    }
}

/// Waits for entries, notes their age and acknowledges them with the next read.
pub(in crate::cli::bench) struct Consumer {
    key: String,
    read: Vec<u8>,
    ack: Vec<u8>,
    /// The first reply of the cycle answers an XACK.
    acking: bool,
}

impl Consumer {
    pub(in crate::cli::bench) fn new(stream: u64, number: usize, count: usize) -> Consumer {
        let key = key("stream", stream);
        let (consumer, count) = (format!("c{number}"), count.to_string());
        let mut read = vec![];
        let args = [
            &b"XREADGROUP"[..],
            b"GROUP",
            GROUP,
            consumer.as_bytes(),
            b"COUNT",
            count.as_bytes(),
            b"BLOCK",
            BLOCK_MS,
            b"STREAMS",
            key.as_bytes(),
            b">",
        ];
        command(&mut read, &args);
        Consumer { key, read, ack: vec![], acking: false }
    }
}

impl Script for Consumer {
    fn begin(&mut self, _cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        self.acking = !self.ack.is_empty();
        out.append(&mut self.ack);
        out.extend_from_slice(&self.read);
        1 + usize::from(self.acking)
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        if std::mem::take(&mut self.acking) || answer.kind == Kind::Error {
            return;
        }
        let mut ids: Vec<&[u8]> = vec![];
        entries::for_each(answer.bytes, |entry| {
            ids.push(entry.id);
            tally.operation(stamp(entry.value), answer.now_ns, 1);
        });
        if !ids.is_empty() {
            group::ack(&mut self.ack, self.key.as_bytes(), &ids);
        }
    }

    fn reads_replies(&self) -> bool {
        true
    }
}

fn stamp(value: &[u8]) -> u64 {
    value.iter().take(STAMP_DIGITS).fold(0, |n, b| n * 10 + u64::from(b.wrapping_sub(b'0') % 10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::load::PayloadKind;
    use crate::cli::bench::workload::tests::{answer, parse_all};

    #[test]
    fn the_stamp_comes_back() {
        let mut out = vec![];
        let mut payloads = Payloads::new(PayloadKind::Random, 50, 1);
        assert_eq!(Producer::new(1, &mut payloads, 1).begin(1, 1234, &mut out), 1);
        let value = parse_all(&out)[0][4].clone();
        assert_eq!((value.len(), stamp(&value)), (50, 1234));
    }

    #[test]
    fn acknowledges_with_the_next_read() {
        let (mut consumer, mut tally, mut out) = (Consumer::new(0, 1, 10), Tally::new().unwrap(), vec![]);
        assert_eq!(consumer.begin(1, 0, &mut out), 1);
        let entry = b"%1\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$1\r\n7\r\n";
        consumer.answer(&answer(Kind::Value, entry), &mut tally);
        out.clear();
        assert_eq!(consumer.begin(1, 0, &mut out), 2);
        assert_eq!(parse_all(&out)[0][0], b"XACK");
        consumer.answer(&answer(Kind::Value, b":1\r\n"), &mut tally);
        consumer.answer(&answer(Kind::Null, b"_\r\n"), &mut tally);
        assert_eq!((tally.operations, consumer.begin(1, 0, &mut out)), (1, 1));
    }
}
