//! SINTERCARD: how many members SINTER would answer, counted up to a limit.

use super::members::{self, Operation};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SINTERCARD.
pub static SPEC: Spec = Spec {
    name: "sintercard",
    summary: "Answers how many members are in all of several sets.",
    since: "7.0.0",
    group: Group::Set,
    complexity: "O(N*M) for N members of the smallest and M sets",
    arity: -3,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] [LIMIT limit]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = number::integer(args.at(1)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let numkeys = count.ok_or(error::NUMKEYS_POSITIVE)?;
    if numkeys > args.len() - 2 {
        return Err(error::set::TOO_MANY_KEYS);
    }
    let names: Vec<&[u8]> = args.from(2).up_to(numkeys).iter().collect();
    let limit = limit(args.from(2 + numkeys))?;
    Ok(Reply::count(members::combine(ctx, &names, Operation::Intersection, limit)?.len()))
}

/// LIMIT, of which 0 means none.
pub(in crate::command) fn limit(args: Args<'_>) -> Result<usize, Refusal> {
    let mut limit = 0;
    for i in (0..args.len()).step_by(2) {
        if !args.at(i).eq_ignore_ascii_case(b"LIMIT") || i + 1 == args.len() {
            return Err(error::SYNTAX);
        }
        let n = number::integer(args.at(i + 1)).and_then(|n| usize::try_from(n).ok());
        limit = n.ok_or(error::set::LIMIT_NEGATIVE)?;
    }
    Ok(if limit == 0 { usize::MAX } else { limit })
}
