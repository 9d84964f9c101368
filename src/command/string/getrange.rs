//! GETRANGE: bytes of a string, both ends included; negative positions count from the end.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use std::ops::Range;

/// GETRANGE.
pub static SPEC: Spec = Spec {
    name: "getrange",
    summary: "Answers a part of a string.",
    since: "2.4.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start end",
    kind: Kind::Read(run),
    subcommands: &[],
};

/// Answers a part of a string.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (start, end) = (number::arg(args.at(2))?, number::arg(args.at(3))?);
    let Some((_, value)) = ctx.read_string(args.at(1))? else { return Ok(Reply::text("")) };
    Ok(Reply::Bulk(value.slice(part(start, end, value.len()))))
}

/// The positions that `start..=end` means in a string of `len` bytes.
fn part(start: i64, end: i64, len: usize) -> Range<usize> {
    if len == 0 || (start < 0 && end < 0 && start > end) {
        return 0..0;
    }
    let last = len as i64 - 1;
    let place = |at: i64| if at < 0 { at.saturating_add(len as i64).max(0) } else { at };
    let (start, end) = (place(start), place(end).min(last));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions() {
        for (start, end, expected) in [
            (0, -1, 0..5),
            (1, 3, 1..4),
            (-3, -1, 2..5),
            (3, 1, 0..0),
            (5, 9, 0..0),
            (-1, -3, 0..0),
            (-100, -100, 0..1),
            (i64::MIN, i64::MAX, 0..5),
            (i64::MAX, i64::MIN, 0..0),
        ] {
            assert_eq!(part(start, end, 5), expected, "{start} {end}");
        }
        assert_eq!(part(0, -1, 0), 0..0);
    }
}
