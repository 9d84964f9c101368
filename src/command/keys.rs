//! Where the keys of a call are. COMMAND GETKEYS asks this, and whoever routes or guards by key.

use super::args::Args;
use super::spec::Keys;
use super::table;
use std::iter::StepBy;
use std::ops::Range;

/// A call whose arguments contradict its key positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

impl Keys {
    /// The indices of the keys among `args` (the verb is argument 0). O(number of keys).
    pub fn positions(self, args: Args<'_>) -> Result<Vec<usize>, Unclear> {
        let mut positions = Vec::new();
        self.each(args, |at| positions.push(at))?;
        Ok(positions)
    }

    /// Visits the indices of the keys in their order; none if it is unclear which these are.
    pub fn each(self, args: Args<'_>, mut visit: impl FnMut(usize)) -> Result<(), Unclear> {
        match self {
            Keys::None => {}
            Keys::At { first, last, step } => at(args.len(), first, last, step)?.for_each(visit),
            Keys::Counted { at, step } => counted(args, at, step)?.for_each(visit),
            Keys::MaybeCounted { at } => counted(args, at, 1).into_iter().flatten().for_each(visit),
            Keys::StoredCounted => {
                let sources = counted(args, 2, 1)?;
                visit(1);
                sources.for_each(visit);
            }
            Keys::Streams => streams(args)?.for_each(visit),
            Keys::Leased => {
                let inner = args.from(INNER);
                let keys = table::mentioned(inner).map_or(Keys::None, |spec| spec.keys);
                if keys == Keys::Leased || args.len() < INNER {
                    return Err(Unclear);
                }
                let positions = keys.positions(inner)?;
                visit(1);
                positions.into_iter().for_each(|at| visit(INNER + at));
            }
            Keys::Sort { stores } => {
                visit(1);
                destination(args, stores).into_iter().for_each(visit);
            }
        }
        Ok(())
    }

    /// Whether the positions depend on other arguments.
    pub fn are_movable(self) -> bool {
        !matches!(self, Keys::None | Keys::At { .. })
    }
}

/// Where the call inside of a LEASE.EXEC begins.
pub const INNER: usize = 3;

/// Places with the same distance from each other.
type Places = StepBy<Range<usize>>;

fn at(len: usize, first: usize, last: i32, step: usize) -> Result<Places, Unclear> {
    let last = if last < 0 { len.checked_sub(last.unsigned_abs() as usize) } else { Some(last as usize) };
    let last = last.filter(|last| *last < len && first < len).ok_or(Unclear)?;
    Ok((first..last + 1).step_by(step.max(1)))
}

fn counted(args: Args<'_>, at: usize, step: usize) -> Result<Places, Unclear> {
    let count = std::str::from_utf8(args.at(at)).ok().and_then(|n| n.parse::<usize>().ok()).ok_or(Unclear)?;
    let step = step.max(1);
    let room = args.len().saturating_sub(at + 1) / step;
    if count == 0 || count > room {
        return Err(Unclear);
    }
    Ok((at + 1..at + 1 + count * step).step_by(step))
}

fn is(word: &[u8], names: &[&str]) -> bool {
    names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

/// Words that belong to an option are none themselves: a group may be called STREAMS.
fn streams(args: Args<'_>) -> Result<Places, Unclear> {
    let mut at = 1;
    loop {
        at += match args.at(at) {
            word if is(word, &["STREAMS"]) => break,
            word if is(word, &["NOACK"]) => 1,
            word if is(word, &["GROUP"]) => 3,
            word if is(word, &["BLOCK", "COUNT", "MAXCOUNT", "MAXSIZE", "CLAIM"]) => 2,
            _ => return Err(Unclear),
        };
    }
    let rest = args.len() - at - 1;
    if rest == 0 || rest % 2 == 1 { Err(Unclear) } else { Ok((at + 1..at + 1 + rest / 2).step_by(1)) }
}

/// What follows the last STORE. Words that belong to an option are no options themselves.
fn destination(args: Args<'_>, stores: bool) -> Option<usize> {
    let (mut at, mut destination) = (2, None);
    while at < args.len() {
        at += match args.at(at) {
            word if is(word, &["LIMIT"]) => 3,
            word if is(word, &["BY", "GET"]) => 2,
            word if stores && is(word, &["STORE"]) => {
                destination = Some(at + 1).filter(|at| *at < args.len()).or(destination);
                2
            }
            _ => 1,
        };
    }
    destination
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn keys(keys: Keys, call: &str) -> Result<Vec<usize>, Unclear> {
        keys.positions(OwnedArgs::collect(call.split(' ')).as_args())
    }

    #[test]
    fn all_forms() {
        assert_eq!(keys(Keys::ONE, "GET a"), Ok(vec![1]));
        assert_eq!(keys(Keys::ALL, "DEL a b c"), Ok(vec![1, 2, 3]));
        assert_eq!(keys(Keys::At { first: 1, last: -1, step: 2 }, "MSET a 1 b 2"), Ok(vec![1, 3]));
        assert_eq!(keys(Keys::Counted { at: 1, step: 1 }, "X 2 a b c"), Ok(vec![2, 3]));
        assert_eq!(keys(Keys::Streams, "XREAD COUNT 1 STREAMS a b 0 0"), Ok(vec![4, 5]));
        assert_eq!(keys(Keys::Streams, "XREADGROUP GROUP streams c STREAMS a >"), Ok(vec![5]));
    }

    #[test]
    fn contradictions() {
        for call in ["X", "X x a", "X 0 a", "X 3 a b", "X -1 a", "X 18446744073709551615 a"] {
            assert_eq!(keys(Keys::Counted { at: 1, step: 2 }, call), Err(Unclear), "{call}");
        }
        assert_eq!(keys(Keys::Streams, "XREAD a b"), Err(Unclear));
        assert_eq!(keys(Keys::Streams, "XREAD STREAMS a b 0"), Err(Unclear));
        assert_eq!(keys(Keys::ONE, "GET"), Err(Unclear));
    }
}
