//! Where the keys of a call are. COMMAND GETKEYS asks this, and whoever routes or guards by key.

use super::args::Args;
use super::spec::Keys;

/// A call whose arguments contradict its key positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

impl Keys {
    /// The indices of the keys among `args` (the verb is argument 0). O(number of keys).
    pub fn positions(self, args: Args<'_>) -> Result<Vec<usize>, Unclear> {
        match self {
            Keys::None => Ok(Vec::new()),
            Keys::At { first, last, step } => at(args.len(), first, last, step),
            Keys::Counted { at, step } => counted(args, at, step),
            Keys::MaybeCounted { at } => Ok(counted(args, at, 1).unwrap_or_default()),
            Keys::StoredCounted => Ok([vec![1], counted(args, 2, 1)?].concat()),
            Keys::Streams => streams(args),
            Keys::Sort { stores } => Ok(sort(args, stores)),
        }
    }

    /// Whether the positions depend on other arguments.
    pub fn are_movable(self) -> bool {
        !matches!(self, Keys::None | Keys::At { .. })
    }
}

fn at(len: usize, first: usize, last: i32, step: usize) -> Result<Vec<usize>, Unclear> {
    let last = if last < 0 { len.checked_sub(last.unsigned_abs() as usize) } else { Some(last as usize) };
    let last = last.filter(|last| *last < len && first < len).ok_or(Unclear)?;
    Ok((first..=last).step_by(step.max(1)).collect())
}

fn counted(args: Args<'_>, at: usize, step: usize) -> Result<Vec<usize>, Unclear> {
    let count = std::str::from_utf8(args.at(at)).ok().and_then(|n| n.parse::<usize>().ok()).ok_or(Unclear)?;
    let room = args.len().saturating_sub(at + 1) / step.max(1);
    if count == 0 || count > room {
        return Err(Unclear);
    }
    Ok((0..count).map(|i| at + 1 + i * step).collect())
}

/// Words that belong to an option are none themselves: a group may be called STREAMS.
fn streams(args: Args<'_>) -> Result<Vec<usize>, Unclear> {
    let mut word = 1;
    loop {
        word += match args.at(word).to_ascii_uppercase().as_slice() {
            b"STREAMS" => break,
            b"NOACK" => 1,
            b"GROUP" => 3,
            b"BLOCK" | b"COUNT" | b"MAXCOUNT" | b"MAXSIZE" | b"CLAIM" => 2,
            _ => return Err(Unclear),
        };
    }
    let rest = args.len() - word - 1;
    if rest == 0 || rest % 2 == 1 { Err(Unclear) } else { Ok((word + 1..=word + rest / 2).collect()) }
}

/// Words that belong to an option are no options themselves.
fn sort(args: Args<'_>, stores: bool) -> Vec<usize> {
    let (mut at, mut destination) = (2, None);
    while at < args.len() {
        at += match args.at(at).to_ascii_uppercase().as_slice() {
            b"LIMIT" => 3,
            b"BY" | b"GET" => 2,
            b"STORE" if stores => {
                destination = Some(at + 1).filter(|at| *at < args.len()).or(destination);
                2
            }
            _ => 1,
        };
    }
    std::iter::once(1).chain(destination).collect()
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
