//! What connections say. A script writes requests and takes replies; it owns no socket and no clock, and does not know
//! whether the loop is open or closed. One file per kind of conversation.

mod delay;
mod fill;
mod flat;
mod group;
mod lock;
mod xrange;

pub(super) use delay::{Consumer, Producer};
pub(super) use fill::{Fill, What};
pub(super) use flat::{Flat, Tape};
pub(super) use group::Group;
pub(super) use lock::{Lock, RELEASE_SCRIPT, ReleasePart, release_form};
pub(super) use xrange::Xrange;

use super::replies::Kind;
use super::tally::Tally;

/// The consumer group of `group` and `delay`.
pub(super) const GROUP: &[u8] = b"bench";

/// One whole reply.
pub(super) struct Answer<'a> {
    pub(super) kind: Kind,
    /// Its bytes, if the script reads replies; else whatever part came last.
    pub(super) bytes: &'a [u8],
    /// When its cycle fell due (open loop) or was sent (closed loop).
    pub(super) due_ns: u64,
    pub(super) now_ns: u64,
}

/// One connection's side of the conversation. A cycle is what the loop starts and the rate counts.
pub(super) trait Script: Send {
    /// Appends the first requests of `cycles` new cycles, due at `due_ns`; returns how many replies they will get.
    /// 0: this connection has nothing more to do.
    fn begin(&mut self, cycles: usize, due_ns: u64, out: &mut Vec<u8>) -> usize;

    /// Appends the next step of the cycles begun, now that all replies are there; 0: they are over.
    fn proceed(&mut self, _out: &mut Vec<u8>) -> usize {
        0
    }

    /// Takes the next reply. Errors have been counted already.
    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally);

    /// Whether [`Answer::bytes`] must be whole.
    fn reads_replies(&self) -> bool {
        false
    }

    /// Whether a cycle may begin before the last one is over: one request, one reply.
    fn overlaps(&self) -> bool {
        false
    }
}

/// Name of key `number`, always of one length so that it can be patched into encoded requests.
pub(super) fn key(kind: &str, number: u64) -> String {
    format!("bench:{kind}:{number:0width$}", width = KEY_DIGITS)
}

/// Digits at the end of every key.
const KEY_DIGITS: usize = 12;

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::cli::bench::cli::Cli;
    use crate::cli::bench::load::Load;
    use crate::cli::bench::replies::Kind;
    use clap::Parser;

    /// The settings these words stand for.
    pub(super) fn load(words: &[&str]) -> Load {
        Cli::try_parse_from(words).unwrap().single.plan.rows().remove(0).load
    }

    pub(super) fn answer(kind: Kind, bytes: &[u8]) -> Answer<'_> {
        Answer { kind, bytes, due_ns: 0, now_ns: 1000 }
    }

    /// Decodes whole requests.
    pub(super) fn parse_all(mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
        fn line(bytes: &mut &[u8], tag: u8) -> usize {
            let end = bytes.windows(2).position(|w| w == b"\r\n").unwrap();
            assert_eq!(bytes[0], tag);
            let n = std::str::from_utf8(&bytes[1..end]).unwrap().parse().unwrap();
            *bytes = &bytes[end + 2..];
            n
        }
        let mut commands = vec![];
        while !bytes.is_empty() {
            let args = line(&mut bytes, b'*');
            commands.push(
                (0..args)
                    .map(|_| {
                        let n = line(&mut bytes, b'$');
                        let arg = bytes[..n].to_vec();
                        assert_eq!(&bytes[n..n + 2], b"\r\n");
                        bytes = &bytes[n + 2..];
                        arg
                    })
                    .collect(),
            );
        }
        commands
    }
}
