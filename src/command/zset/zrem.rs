//! ZREM: takes members out; answers how many were there. An empty set is gone.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// ZREM.
pub static SPEC: Spec = Spec {
    name: "zrem",
    summary: "Takes members out of a sorted set.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(M*log(N)) for M members out of N",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [member ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = scores::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let before = ctx.sorted_set(key).len();
    for member in args.from(2).iter() {
        if ctx.sorted_set(key).score(member).is_some() {
            ctx.change(key, Change::ScoreRemove { member });
        }
    }
    let removed = before - ctx.sorted_set(key).len();
    if removed > 0 {
        ctx.notify_key(Class::SORTED_SET, "zrem", key);
    }
    ctx.store().delete_if_empty(key);
    Ok(Reply::count(removed))
}
