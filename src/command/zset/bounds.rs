//! Ranges of a sorted set: by rank, by score and by name; and the arguments of all verbs that answer or store one.

use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::{indices, number};
use brooklet_storage::value::order::Ranked;
use brooklet_storage::value::sorted_set::SortedSet;

/// Which members are meant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bounds<'a> {
    /// Between two ranks, both included; negative ones count from the end.
    Rank(i64, i64),
    /// Between two scores; true = the score itself is not meant.
    Score((f64, bool), (f64, bool)),
    /// Between two names, all scores being equal.
    Lex(Name<'a>, Name<'a>),
}

/// The end of a range of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// Before all.
    Lowest,
    /// Behind all.
    Highest,
    /// This name; true = itself not meant.
    At(&'a [u8], bool),
}

/// A way to say which members are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By rank.
    Rank,
    /// By score.
    Score,
    /// By name.
    Lex,
}

fn score(text: &[u8]) -> Result<(f64, bool), Refusal> {
    let (text, exclusive) = text.strip_prefix(b"(").map_or((text, false), |rest| (rest, true));
    // Unlike a score, a bound may be out of range but not hexadecimal, and nothing means zero.
    let score = if text.is_empty() { Some(0.0) } else { number::float(text) };
    let score = score.ok_or(error::zset::NOT_FLOAT_BOUND)?;
    Ok((score, exclusive))
}

fn name(text: &[u8]) -> Result<Name<'_>, Refusal> {
    match text {
        b"-" => Ok(Name::Lowest),
        b"+" => Ok(Name::Highest),
        [b'[', name @ ..] => Ok(Name::At(name, false)),
        [b'(', name @ ..] => Ok(Name::At(name, true)),
        _ => Err(error::zset::NOT_LEX_BOUND),
    }
}

impl<'a> Bounds<'a> {
    /// Reads the lower and the upper end.
    pub fn parse(by: By, low: &'a [u8], high: &'a [u8]) -> Result<Bounds<'a>, Refusal> {
        Ok(match by {
            By::Rank => {
                let (low, high) = indices::parse(low, high)?;
                Bounds::Rank(low, high)
            }
            By::Score => Bounds::Score(score(low)?, score(high)?),
            By::Lex => Bounds::Lex(name(low)?, name(high)?),
        })
    }

    /// The ranks that are meant: the first, and one behind the last. Ranks of a reversed range count from the end.
    pub fn ranks(&self, set: &SortedSet, reverse: bool) -> (usize, usize) {
        let order = set.order();
        let (low, high) = match *self {
            Bounds::Rank(low, high) => {
                let (first, count) = indices::span((low, high), order.len());
                return if reverse {
                    (order.len() - first - count, order.len() - first)
                } else {
                    (first, first + count)
                };
            }
            Bounds::Score((low, above), (high, below)) => (
                order.count_while(|s, _| s < low || (above && s == low)),
                order.count_while(|s, _| s < high || (!below && s == high)),
            ),
            Bounds::Lex(low, high) => {
                (order.count_while(|_, m| low.is_behind(m, false)), order.count_while(|_, m| high.is_behind(m, true)))
            }
        };
        (low, high.max(low))
    }

    /// How many members are meant.
    pub fn count(&self, set: &SortedSet) -> usize {
        let (low, high) = self.ranks(set, false);
        high - low
    }
}

impl Name<'_> {
    /// Whether a member stands before this end; `upper` = this is the upper end of the range.
    fn is_behind(self, member: &[u8], upper: bool) -> bool {
        match self {
            Name::Lowest => false,
            Name::Highest => true,
            // The name itself is inside of a range that ends with it, and before one that begins behind it.
            Name::At(name, exclusive) => member < name || (member == name && exclusive != upper),
        }
    }
}

/// What a verb lets its caller choose.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// The way is fixed; `None` = BYSCORE and BYLEX choose it.
    pub by: Option<By>,
    /// The direction is fixed; `None` = REV chooses it.
    pub reverse: Option<bool>,
    /// WITHSCORES is known.
    pub with_scores: bool,
}

/// A range that is to be answered or stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range<'a> {
    bounds: Bounds<'a>,
    reverse: bool,
    limit: Option<(i64, i64)>,
    /// Scores are answered, too.
    pub with_scores: bool,
}

impl<'a> Range<'a> {
    /// Reads both ends and the options behind them, which `args` begins with.
    pub fn parse(args: Args<'a>, choice: Choice) -> Result<Range<'a>, Refusal> {
        let (mut by, mut reverse, mut limit, mut with_scores) = (choice.by, choice.reverse, None, false);
        let mut i = 2;
        while let Some(word) = args.get(i) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            match () {
                () if choice.with_scores && is("WITHSCORES") => with_scores = true,
                () if is("LIMIT") && i + 2 < args.len() => {
                    limit = Some((number::arg(args.at(i + 1))?, number::arg(args.at(i + 2))?));
                    i += 2;
                }
                () if reverse.is_none() && is("REV") => reverse = Some(true),
                () if by.is_none() && is("BYSCORE") => by = Some(By::Score),
                () if by.is_none() && is("BYLEX") => by = Some(By::Lex),
                () => return Err(error::SYNTAX),
            }
            i += 1;
        }
        let (by, reverse) = (by.unwrap_or(By::Rank), reverse.unwrap_or(false));
        if by == By::Rank && limit.take().is_some_and(|(_, count)| count != -1) {
            return Err(error::zset::LIMIT_ALONE);
        }
        if with_scores && by == By::Lex {
            return Err(error::zset::WITHSCORES_BYLEX);
        }
        let swapped = reverse && by != By::Rank;
        let (low, high) = if swapped { (args.at(1), args.at(0)) } else { (args.at(0), args.at(1)) };
        Ok(Range { bounds: Bounds::parse(by, low, high)?, reverse, limit, with_scores })
    }

    /// The members that are meant, in their order.
    pub fn of(&self, set: &SortedSet) -> Vec<Ranked> {
        let (low, high) = self.bounds.ranks(set, self.reverse);
        let (offset, count) = self.limit.unwrap_or((0, -1));
        let Ok(offset) = usize::try_from(offset) else { return Vec::new() };
        let left = (high - low).saturating_sub(offset);
        let take = usize::try_from(count).map_or(left, |count| count.min(left));
        if take == 0 {
            return Vec::new();
        }
        if self.reverse {
            set.order().below(high - offset).take(take).cloned().collect()
        } else {
            set.order().from(low + offset).take(take).cloned().collect()
        }
    }
}
