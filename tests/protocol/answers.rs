//! The expected replies to one command: usually one, else one per side or protocol.

use std::ops::Range;

use brooklet_testkit::{Pattern, Protocol, notation};

/// Which server is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Ours.
    Brooklet,
    /// The reference.
    Redis,
}

impl Side {
    /// As it stands in labels and test names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Brooklet => "brooklet",
            Self::Redis => "redis",
        }
    }
}

const LABELS: [&str; 4] = ["resp2:", "resp3:", "redis:", "brooklet:"];

/// What stands between a command and the next one.
#[derive(Debug)]
pub struct Answers {
    /// The lines that they take, for recording.
    pub lines: Range<usize>,
    /// How much of the first line stands before them (`@b<`).
    pub head: usize,
    /// Label and reply.
    pub given: Vec<(Option<&'static str>, Pattern)>,
}

impl Answers {
    /// Reads from line `at`, leaving out its first `head` bytes. Tells also the line after.
    pub fn read(lines: &[String], at: usize, head: usize) -> Result<(Self, usize), String> {
        let mut given = Vec::new();
        let mut next = at;
        while let Some((label, text, after)) = one(lines, next, if next == at { head } else { 0 }) {
            if text.iter().any(|line| !line.trim().is_empty()) {
                let pattern = notation::parse(&text).map_err(|why| format!("line {}: {why}", next + 1))?;
                given.push((label, pattern));
            }
            next = after;
        }
        Ok((Self { lines: at..next, head, given }, next))
    }

    /// The one that `side` must give over `protocol`.
    pub fn for_run(&self, side: Side, protocol: Protocol) -> Option<&Pattern> {
        let labelled =
            |name: &str| self.given.iter().find(|(label, _)| label.is_some_and(|l| l.trim_end_matches(':') == name));
        let plain = || self.given.iter().find(|(label, _)| label.is_none());
        labelled(side.name()).or_else(|| labelled(protocol.name())).or_else(plain).map(|(_, pattern)| pattern)
    }
}

/// One answer: its label, its lines with the label blanked, and the line after it.
fn one(lines: &[String], at: usize, head: usize) -> Option<(Option<&'static str>, Vec<String>, usize)> {
    let first = lines.get(at)?;
    if head == 0 && !is_answer(first) {
        return None;
    }
    let label = LABELS.into_iter().find(|label| first[head..].starts_with(label));
    let skip = head + label.map_or(0, str::len);
    let mut text = vec![" ".repeat(skip) + &first[skip..]];
    let mut next = at + 1;
    while lines.get(next).is_some_and(|l| is_answer(l) && !LABELS.iter().any(|label| l.starts_with(label))) {
        text.push(lines[next].clone());
        next += 1;
    }
    Some((label, text, next))
}

fn is_answer(line: &str) -> bool {
    let starts = ["#", "> ", "@", "raw> ", "pause ", "since ", "differs: ", "config: "];
    !line.trim().is_empty() && !starts.iter().any(|s| line.starts_with(s))
}
