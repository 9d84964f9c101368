//! SREM: takes members out; answers how many were there. An empty set is gone.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// SREM.
pub static SPEC: Spec = Spec {
    name: "srem",
    summary: "Takes members out of a set.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [member ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = members::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let before = ctx.set(key).len();
    for member in args.from(2).iter() {
        if ctx.set(key).contains(member) {
            ctx.change(key, Change::MemberRemove { member });
        }
    }
    let removed = before - ctx.set(key).len();
    if removed > 0 {
        ctx.notify_key(Class::SET, "srem", key);
    }
    ctx.store().delete_if_empty(key);
    Ok(Reply::count(removed))
}
