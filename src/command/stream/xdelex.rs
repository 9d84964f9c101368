//! XDELEX: deletes entries by id and says for each what became of it, minding what groups hold: -1 it was not there,
//! 1 it is deleted, 2 it is still needed and stays (ACKED).
//!
//! The one surprising rule: with ACKED, need is asked first, so an id that some group has not reached yet answers 2
//! even if there is no such entry. DELREF takes dangling references away as well.

use super::deletion::{Deletion, drop_references};
use super::references::{Doomed, References};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XDELEX.
pub static SPEC: Spec = Spec {
    name: "xdelex",
    summary: "Deletes entries by their ids, minding what consumer groups hold.",
    since: "8.2.0",
    group: Group::Stream,
    complexity: "O(N) for N ids, times the number of groups unless KEEPREF",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// Not there.
pub const ABSENT: i64 = -1;
/// Gone now.
pub const GONE: i64 = 1;
/// Needed by a group.
pub const NEEDED: i64 = 2;

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Doomed { references, ids } = Doomed::parse(args.from(2))?;
    let Some(key) = ctx.find_stream(args.at(1))? else {
        return Ok(Reply::Array(vec![Reply::Integer(ABSENT); ids.len()]));
    };
    let needed = |id| references == References::Acked && ctx.stream(key).is_referenced(id);
    let deletion = Deletion::plan(ctx, key, ids.iter().copied().filter(|id| !needed(*id)))?;
    let mut left = deletion.ids().clone();
    let mut outcome = |id| match () {
        () if left.remove(&id) => GONE,
        () if !deletion.ids().contains(&id) && needed(id) => NEEDED,
        () => ABSENT,
    };
    let answer = ids.iter().map(|id| Reply::Integer(outcome(*id))).collect();
    deletion.apply(ctx, key);
    if references == References::Delete {
        drop_references(ctx, key, ids);
    }
    Ok(Reply::Array(answer))
}
