//! A leader lock: SET key token NX PX, then the release. A cycle is one lock taken and given back. In a closed loop,
//! `pipeline` locks are taken side by side.

use super::{Answer, Script, key};
use crate::cli::bench::load::Release;
use crate::cli::bench::replies::Kind;
use crate::cli::bench::request::command;
use crate::cli::bench::tally::Tally;

/// Deletes the lock if it still holds the token.
pub(in crate::cli::bench) const RELEASE_SCRIPT: &str =
    "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) else return 0 end";

/// One argument of a release.
#[derive(Clone)]
pub(in crate::cli::bench) enum ReleasePart {
    Word(Vec<u8>),
    /// The lock's name.
    Name,
    /// What this holder wrote into it.
    Token,
}

/// The form of `release`; `script` is the loaded script's digest, used by [`Release::Eval`].
pub(in crate::cli::bench) fn release_form(release: Release, script: &str) -> Vec<ReleasePart> {
    let word = |text: &str| ReleasePart::Word(text.as_bytes().to_vec());
    let (name, token) = (ReleasePart::Name, ReleasePart::Token);
    match release {
        Release::Eval => vec![word("EVALSHA"), word(script), word("1"), name, token],
        Release::Delex => vec![word("DELEX"), name, word("IFEQ"), token],
        Release::Delifeq => vec![word("DELIFEQ"), name, token],
        Release::Del => vec![word("DEL"), name],
    }
}

/// Takes and releases locks.
pub(in crate::cli::bench) struct Lock {
    form: Vec<ReleasePart>,
    keys: u64,
    random: fastrand::Rng,
    /// Name and token of the locks of this cycle.
    held: Vec<(String, String)>,
    releasing: bool,
}

impl Lock {
    pub(in crate::cli::bench) fn new(form: Vec<ReleasePart>, keys: u64, seed: u64) -> Lock {
        Lock { form, keys, random: fastrand::Rng::with_seed(seed), held: vec![], releasing: false }
    }
}

impl Script for Lock {
    fn begin(&mut self, cycles: usize, _due_ns: u64, out: &mut Vec<u8>) -> usize {
        self.releasing = false;
        self.held.clear();
        for _ in 0..cycles {
            let name = key("lock", self.random.u64(..self.keys));
            let token = format!("{:016x}", self.random.u64(..));
            command(out, &[b"SET", name.as_bytes(), token.as_bytes(), b"NX", b"PX", b"30000"]);
            self.held.push((name, token));
        }
        cycles
    }

    fn proceed(&mut self, out: &mut Vec<u8>) -> usize {
        if self.releasing {
            return 0;
        }
        self.releasing = true;
        for (name, token) in &self.held {
            let args: Vec<&[u8]> = self
                .form
                .iter()
                .map(|part| match part {
                    ReleasePart::Word(word) => word,
                    ReleasePart::Name => name.as_bytes(),
                    ReleasePart::Token => token.as_bytes(),
                })
                .collect();
            command(out, &args);
        }
        self.held.len()
    }

    fn answer(&mut self, answer: &Answer<'_>, tally: &mut Tally) {
        if !self.releasing || answer.kind == Kind::Error {
            return;
        }
        // Another client held it, so that ours was never taken.
        tally.misses += u64::from(answer.bytes != b":1\r\n");
        tally.operation(answer.due_ns, answer.now_ns, 1);
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
    fn every_release_names_the_lock_and_its_token() {
        for (release, verb, args) in [
            (Release::Eval, "EVALSHA", 5),
            (Release::Delex, "DELEX", 4),
            (Release::Delifeq, "DELIFEQ", 3),
            (Release::Del, "DEL", 2),
        ] {
            let (mut lock, mut out) = (Lock::new(release_form(release, "abc"), 10, 1), vec![]);
            assert_eq!((lock.begin(2, 0, &mut out), lock.proceed(&mut out)), (2, 2));
            let sent = parse_all(&out);
            assert_eq!((sent[2][0].as_slice(), sent[2].len()), (verb.as_bytes(), args));
            assert!(sent[2].contains(&sent[0][1]));
            assert_eq!(sent[2].contains(&sent[0][2]), release != Release::Del);
            assert_eq!(lock.proceed(&mut out), 0);
        }
    }

    #[test]
    fn counts_only_releases() {
        let (mut lock, mut tally) = (Lock::new(release_form(Release::Del, ""), 10, 1), Tally::new().unwrap());
        lock.begin(1, 0, &mut vec![]);
        lock.answer(&answer(Kind::Value, b"+OK\r\n"), &mut tally);
        lock.proceed(&mut vec![]);
        lock.answer(&answer(Kind::Value, b":0\r\n"), &mut tally);
        assert_eq!((tally.operations, tally.misses), (1, 1));
    }
}
