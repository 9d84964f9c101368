//! LMPOP: takes elements from the first of several lists that is there.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::waiting::Multi;
use crate::reply::Reply;

/// LMPOP.
pub static SPEC: Spec = Spec {
    name: "lmpop",
    summary: "Takes elements from the first of several lists that has some.",
    since: "7.0.0",
    group: Group::List,
    complexity: "O(N+M) for N keys and M elements",
    arity: -4,
    flags: &[Flag::MovableKeys],
    keys: Keys::Counted { at: 1, step: 1 },
    syntax: "numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let multi = Multi::parse(args.from(1), ["LEFT", "RIGHT"])?;
    Ok(take(ctx, multi)?.unwrap_or(Reply::NullArray))
}

/// Takes from the first list that is there.
pub(super) fn take(ctx: &mut Ctx<'_>, multi: Multi<'_>) -> Result<Option<Reply>, Refusal> {
    let Some((name, key)) = ends::first_list(ctx, multi.keys)? else { return Ok(None) };
    let taken = ends::take(ctx, key, multi.second, multi.count);
    Ok(Some(Reply::Array(vec![Reply::bulk(name), Reply::Array(taken)])))
}
