//! Puts in place what `get`, `group` and `xrange` read: each connection writes its share of the keys, in order.

use super::{Answer, Script, key};
use crate::cli::bench::payload::Payloads;
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::command;
use crate::cli::bench::tally::Tally;

/// Payloads that a filling connection repeats.
const PAYLOADS: usize = 1024;
/// They take at most this together (at least one is kept).
const PAYLOAD_BYTES: usize = 1 << 20;

/// What is filled in.
#[derive(Clone, Copy)]
pub(in crate::cli::bench) enum What {
    /// One value for each key.
    Strings,
    /// So many entries `1-0`, `2-0`, ... in each stream.
    Streams(u64),
}

/// Writes every `step`th key from `number` on.
pub(in crate::cli::bench) struct Fill {
    what: What,
    number: u64,
    step: u64,
    keys: u64,
    /// The entry of stream `number` to write next.
    entry: u64,
    payloads: Vec<Vec<u8>>,
    written: usize,
}

impl Fill {
    /// Writes the keys `first`, `first + step`, ... below `keys`.
    pub(in crate::cli::bench) fn new(what: What, first: u64, step: u64, keys: u64, payloads: &mut Payloads) -> Fill {
        let one = payloads.make();
        let more = (PAYLOAD_BYTES / one.len().max(1)).clamp(1, PAYLOADS) - 1;
        let payloads = std::iter::once(one).chain((0..more).map(|_| payloads.make())).collect();
        Fill { what, number: first, step, keys, entry: 1, payloads, written: 0 }
    }

    fn write_next(&mut self, out: &mut Vec<u8>) {
        let payload = &self.payloads[self.written % self.payloads.len()];
        self.written += 1;
        match self.what {
            What::Strings => {
                command(out, &[b"SET", key("string", self.number).as_bytes(), payload]);
                self.number += self.step;
            }
            What::Streams(entries) => {
                let id = format!("{}-0", self.entry);
                let key = key("stream", self.number);
                command(out, &[b"XADD", key.as_bytes(), id.as_bytes(), b"f", payload]);
                self.entry += 1;
                if self.entry > entries {
                    self.entry = 1;
                    self.number += self.step;
                }
            }
        }
    }
}

impl Script for Fill {
    fn begin(&mut self, cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        let mut written = 0;
        while written < cycles && self.number < self.keys {
            self.write_next(out);
            written += 1;
        }
        written
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        if answer.kind != Kind::Error {
            tally.operation(answer.due_ns, answer.now_ns, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::load::PayloadKind;
    use crate::cli::bench::workload::tests::parse_all;

    #[test]
    fn writes_its_share_and_ends() {
        let mut payloads = Payloads::new(PayloadKind::Random, 10, 1);
        let mut out = vec![];
        let mut fill = Fill::new(What::Streams(2), 1, 2, 4, &mut payloads);
        assert_eq!((fill.begin(3, 0, &mut out), fill.begin(3, 0, &mut out), fill.begin(3, 0, &mut out)), (3, 1, 0));
        let written: Vec<_> = parse_all(&out).into_iter().map(|args| (args[1].clone(), args[2].clone())).collect();
        let expected = [(1, "1-0"), (1, "2-0"), (3, "1-0"), (3, "2-0")];
        assert_eq!(written, expected.map(|(k, id)| (key("stream", k).into_bytes(), id.as_bytes().to_vec())));

        out.clear();
        assert_eq!(Fill::new(What::Strings, 0, 1, 2, &mut payloads).begin(9, 0, &mut out), 2);
        assert_eq!(parse_all(&out)[1][1], b"bench:string:000000000001");
    }
}
