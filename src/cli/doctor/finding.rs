//! One thing that was looked at. Must never know: how.

use std::fmt;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// As it should be.
    Well,
    /// It works, but somebody will be surprised.
    Doubtful,
    /// It does not work, or data is in danger.
    Bad,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub weight: Weight,
    subject: &'static str,
    seen: String,
    follows: String,
    cure: String,
}

impl Finding {
    /// All is well.
    pub fn well(subject: &'static str, seen: impl Into<String>) -> Finding {
        Finding { weight: Weight::Well, subject, seen: seen.into(), follows: String::new(), cure: String::new() }
    }

    /// Something that `follows` from what was seen may surprise, and `cure` prevents it.
    pub fn doubtful(
        subject: &'static str,
        seen: impl Into<String>,
        follows: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        let (seen, follows, cure) = (seen.into(), follows.into(), cure.into());
        Finding { weight: Weight::Doubtful, subject, seen, follows, cure }
    }

    /// It will not work.
    pub fn bad(
        subject: &'static str,
        seen: impl Into<String>,
        follows: impl Into<String>,
        cure: impl Into<String>,
    ) -> Finding {
        Finding { weight: Weight::Bad, ..Finding::doubtful(subject, seen, follows, cure) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.weight {
            Weight::Well => "ok  ",
            Weight::Doubtful => "warn",
            Weight::Bad => "BAD ",
        };
        write!(f, "{mark}  {}: {}", self.subject, self.seen)?;
        if self.weight != Weight::Well {
            write!(f, "\n      so: {}\n      do: {}", self.follows, self.cure)?;
        }
        Ok(())
    }
}
