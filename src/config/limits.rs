//! `client-output-buffer-limit`: three classes of client, each with a hard limit, a soft limit and a time.
//!
//! Must never know: how a connection counts its bytes. Read next: `kind.rs`.

use super::error::Invalid;
use super::kind::{human, memory};
use std::fmt;

/// When a client with too much unsent output is closed. Zero means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Bytes at which it is closed at once.
    pub hard: u64,
    /// Bytes above which it may not stay for `soft_seconds`.
    pub soft: u64,
    /// How long it may stay above `soft`.
    pub soft_seconds: u64,
}

/// The limits of all classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimits {
    /// Ordinary clients.
    pub normal: OutputLimit,
    /// Replicas.
    pub replica: OutputLimit,
    /// Subscribers.
    pub pubsub: OutputLimit,
}

impl OutputLimits {
    /// Reads `class hard soft seconds ...`, leaving classes that are not named as they are.
    fn apply(&mut self, words: &[&str]) -> Result<(), Invalid> {
        if !words.len().is_multiple_of(4) {
            return Err(Invalid::LimitArity);
        }
        for group in words.chunks_exact(4) {
            let [class, hard, soft, seconds] = group else { return Err(Invalid::LimitArity) };
            let slot = self.class(class).ok_or(Invalid::LimitClass)?;
            *slot = OutputLimit { hard: size(hard)?, soft: size(soft)?, soft_seconds: time(seconds)? };
        }
        Ok(())
    }

    fn class(&mut self, name: &str) -> Option<&mut OutputLimit> {
        match name.to_ascii_lowercase().as_str() {
            "normal" => Some(&mut self.normal),
            "slave" | "replica" => Some(&mut self.replica),
            "pubsub" => Some(&mut self.pubsub),
            _ => None,
        }
    }

    /// Reads the form that `Display` writes.
    pub(super) fn parse(text: &str) -> Option<OutputLimits> {
        let mut limits = OutputLimits::default();
        limits.apply(&super::kind::split(text)).ok().map(|()| limits)
    }

    fn classes(&self) -> [(&'static str, OutputLimit); 3] {
        // The reference still answers `slave`, and exporters parse it.
        [("normal", self.normal), ("slave", self.replica), ("pubsub", self.pubsub)]
    }
}

impl fmt::Display for OutputLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (class, limit)) in self.classes().into_iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{class} {} {} {}", limit.hard, limit.soft, limit.soft_seconds)?;
        }
        Ok(())
    }
}

/// `current` with the groups in `words` applied, in the form CONFIG GET shows.
pub(super) fn merge(current: &str, words: &[&str]) -> Result<String, Invalid> {
    let mut limits = OutputLimits::parse(current).unwrap_or_default();
    limits.apply(words)?;
    Ok(limits.to_string())
}

/// One line of a file per class.
pub(super) fn lines(value: &str) -> Vec<String> {
    let size = |n: u64| i64::try_from(n).map_or_else(|_| n.to_string(), human);
    let class = |(name, l): (&str, OutputLimit)| format!("{name} {} {} {}", size(l.hard), size(l.soft), l.soft_seconds);
    OutputLimits::parse(value).unwrap_or_default().classes().map(class).to_vec()
}

fn size(word: &str) -> Result<u64, Invalid> {
    memory(word).and_then(|n| u64::try_from(n).ok()).ok_or(Invalid::LimitValue)
}

fn time(word: &str) -> Result<u64, Invalid> {
    word.parse().ok().filter(|seconds| *seconds <= i32::MAX as u64).ok_or(Invalid::LimitValue)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60";

    fn set(value: &str) -> Result<String, Invalid> {
        merge(START, &super::super::kind::split(value))
    }

    /// Recorded from the reference server, 8.0.6.
    #[test]
    fn groups_change_only_their_class() {
        assert_eq!(set(""), Ok(START.into()));
        assert_eq!(
            set("NORMAL 1mb 2k 60 pubsub 4 5 6"),
            Ok("normal 1048576 2000 60 slave 268435456 67108864 60 pubsub 4 5 6".into())
        );
        assert_eq!(
            set("replica 1 1 1 slave 2 2 2 normal 0 0 0 pubsub 0 0 0").map(|s| s.contains("slave 2 2 2")),
            Ok(true)
        );
        for value in ["normal 1 1", "  normal   9 9 9  ", "foo"] {
            assert_eq!(set(value), Err(Invalid::LimitArity), "{value}");
        }
        for value in ["foo 1 1 1", "master 1 1 1"] {
            assert_eq!(set(value), Err(Invalid::LimitClass));
        }
        for value in ["normal x 1 1", "normal -1 1 1", "normal 1 1 1x", "normal 1 1 -1", "normal '1' 2 3"] {
            assert_eq!(set(value), Err(Invalid::LimitValue), "{value}");
        }
    }

    #[test]
    fn a_line_per_class() {
        assert_eq!(lines(START), ["normal 0 0 0", "slave 256mb 64mb 60", "pubsub 32mb 8mb 60"]);
    }
}
