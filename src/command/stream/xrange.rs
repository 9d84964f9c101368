//! XRANGE: the entries between two ids, ascending.
//!
//! The one surprising rule: COUNT 0 (or less) answers a null array, but a key that does not exist an empty one.

use super::{entry_reply, id, many};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::stream::log::IdRange;

/// XRANGE.
pub static SPEC: Spec = Spec {
    name: "xrange",
    summary: "Reads the entries between two ids.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N entries that are answered",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start end [COUNT count]",
    kind: Kind::Read(run),
    subcommands: &[],
};

/// Which way a range is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// Reads `[COUNT count]...`; what is below 0 counts as 0.
fn count(args: Args<'_>) -> Result<usize, Refusal> {
    let mut count = usize::MAX;
    for i in (0..args.len()).step_by(2) {
        if !args.at(i).eq_ignore_ascii_case(b"COUNT") || args.get(i + 1).is_none() {
            return Err(error::SYNTAX);
        }
        count = usize::try_from(number::arg(args.at(i + 1))?.max(0)).unwrap_or(usize::MAX);
    }
    Ok(count)
}

/// Answers a call whose third argument is the end at which reading begins.
pub fn answer(ctx: &mut Ctx<'_>, args: Args<'_>, direction: Direction) -> Result<Reply, Refusal> {
    let range: IdRange = match direction {
        Direction::Ascending => id::range(args.at(2), args.at(3))?,
        Direction::Descending => id::range(args.at(3), args.at(2))?,
    };
    let count = count(args.from(4))?;
    let Some(key) = ctx.read_stream(args.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    if count == 0 {
        return Ok(Reply::NullArray);
    }
    let log = &ctx.stream(key).log;
    if many(log, range, count) {
        let selected = log.select(range, count, direction == Direction::Descending);
        return Ok(Reply::Entries(Box::new(ctx.warm(key, selected)?)));
    }
    let found = match direction {
        Direction::Ascending => log.range(range, count),
        Direction::Descending => log.range_back(range, count),
    };
    Ok(Reply::Array(ctx.warm(key, found)?.into_iter().map(|entry| entry_reply(entry, None)).collect()))
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    answer(ctx, args, Direction::Ascending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn the_last_count_is_valid_and_negative_is_none() {
        let read = |line: &str| count(OwnedArgs::collect(line.split_whitespace()).as_args());
        assert_eq!(read("").unwrap(), usize::MAX);
        assert_eq!(read("COUNT 1 count 7").unwrap(), 7);
        assert_eq!(read("COUNT -5").unwrap(), 0);
        assert!(read("COUNT").is_err());
        assert!(read("COUNT x").is_err());
    }
}
