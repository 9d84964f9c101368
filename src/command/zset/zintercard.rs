//! ZINTERCARD: how many members ZINTER would answer, counted up to a limit.

use super::combine::{self, Sources};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::set::sintercard;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZINTERCARD.
pub static SPEC: Spec = Spec {
    name: "zintercard",
    summary: "Answers how many members are in all of several sorted sets.",
    since: "7.0.0",
    group: Group::SortedSet,
    complexity: "O(N*M) for N members of the smallest and M sets",
    arity: -3,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] [LIMIT limit]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let sources = Sources::find(ctx, args.from(1))?;
    let limit = sintercard::limit(sources.rest())?;
    Ok(Reply::count(combine::count_common(ctx, &sources, limit)))
}
