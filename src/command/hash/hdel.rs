//! HDEL: takes fields out; answers how many were there. A hash without fields is gone.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// HDEL.
pub static SPEC: Spec = Spec {
    name: "hdel",
    summary: "Takes fields out of a hash.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field [field ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = pairs::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let before = ctx.hash(key).len();
    for field in args.from(2).iter() {
        if ctx.hash(key).get(field).is_some() {
            ctx.change(key, Change::FieldRemove { field });
        }
    }
    let removed = before - ctx.hash(key).len();
    if removed > 0 {
        ctx.notify_key(Class::HASH, "hdel", key);
    }
    ctx.store().delete_if_empty(key);
    Ok(Reply::count(removed))
}
