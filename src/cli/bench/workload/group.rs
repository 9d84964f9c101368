//! A consumer: XREADGROUP COUNT n, XACK of what came, again, until nothing comes. One cycle is one operation; an item
//! is one entry.

use super::{Answer, GROUP, Script, key};
use crate::cli::bench::entries;
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::{bulk, command, header};
use crate::cli::bench::tally::Tally;

/// One consumer of the group.
pub(in crate::cli::bench) struct Group {
    key: String,
    /// XREADGROUP, encoded.
    read: Vec<u8>,
    /// XACKs of the reads answered so far.
    acks: Vec<u8>,
    /// Entries of each XACK in `acks`, oldest first.
    acked: std::collections::VecDeque<u64>,
    acking: bool,
    drained: bool,
}

impl Group {
    /// Consumer `number` of stream `stream`.
    pub(in crate::cli::bench) fn new(stream: u64, number: usize, count: usize) -> Group {
        let key = key("stream", stream);
        let mut read = vec![];
        let (consumer, count) = (format!("c{number}"), count.to_string());
        let args = [
            &b"XREADGROUP"[..],
            b"GROUP",
            GROUP,
            consumer.as_bytes(),
            b"COUNT",
            count.as_bytes(),
            b"STREAMS",
            key.as_bytes(),
            b">",
        ];
        command(&mut read, &args);
        Group { key, read, acks: vec![], acked: Default::default(), acking: false, drained: false }
    }

    fn take_entries(&mut self, reply: &[u8]) -> usize {
        let mut ids: Vec<&[u8]> = vec![];
        let count = entries::for_each(reply, |entry| ids.push(entry.id));
        if count > 0 {
            ack(&mut self.acks, self.key.as_bytes(), &ids);
            self.acked.push_back(count as u64);
        }
        count
    }
}

/// Appends XACK of `ids`.
pub(super) fn ack(out: &mut Vec<u8>, key: &[u8], ids: &[&[u8]]) {
    header(out, 3 + ids.len());
    for arg in [&b"XACK"[..], key, GROUP].iter().chain(ids) {
        bulk(out, arg);
    }
}

impl Script for Group {
    fn begin(&mut self, cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        if self.drained {
            return 0;
        }
        self.acking = false;
        (0..cycles).for_each(|_| out.extend_from_slice(&self.read));
        cycles
    }

    fn proceed(&mut self, out: &mut Vec<u8>) -> usize {
        self.acking = true;
        out.append(&mut self.acks);
        self.acked.len()
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        if self.acking {
            let entries = self.acked.pop_front().unwrap_or(0);
            if answer.kind != Kind::Error {
                tally.operation(answer.due_ns, answer.now_ns, entries);
            }
            return;
        }
        // A group that cannot be read would fail for ever: an error ends the connection's work like an empty stream.
        if self.take_entries(answer.bytes) == 0 {
            self.drained = true;
            tally.misses += u64::from(answer.kind != Kind::Error);
        }
    }

    fn reads_replies(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::workload::tests::{answer, parse_all};

    #[test]
    fn reads_acknowledges_and_ends() {
        let (mut group, mut tally, mut out) = (Group::new(0, 3, 10), Tally::new().unwrap(), vec![]);
        assert_eq!(group.begin(1, 0, &mut out), 1);
        assert_eq!(parse_all(&out)[0][2..6], [&b"bench"[..], b"c3", b"COUNT", b"10"]);
        let entry = b"*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n";
        group.answer(&answer(Kind::Value, entry), &mut tally);
        out.clear();
        assert_eq!(group.proceed(&mut out), 1);
        assert_eq!(parse_all(&out), [[&b"XACK"[..], b"bench:stream:000000000000", b"bench", b"1-0"]]);
        group.answer(&answer(Kind::Value, b":1\r\n"), &mut tally);
        assert_eq!((group.proceed(&mut out), tally.operations, tally.items), (0, 1, 1));

        assert_eq!(group.begin(1, 0, &mut out), 1);
        group.answer(&answer(Kind::Null, b"*-1\r\n"), &mut tally);
        assert_eq!((group.proceed(&mut vec![]), group.begin(1, 0, &mut out), tally.misses), (0, 0, 1));
    }
}
