//! LREM: takes out elements that equal a value: so many from the front, from the end (negative), or all (0).

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// LREM.
pub static SPEC: Spec = Spec {
    name: "lrem",
    summary: "Takes out elements that equal a value.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements of the list",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key count element",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = number::arg(args.at(2))?;
    if count == i64::MIN {
        return Err(error::COUNT_RANGE);
    }
    let Some(key) = ends::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let (back, value) = (count < 0, args.at(3));
    let limit = if count == 0 { usize::MAX } else { usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX) };
    let removed = ctx.list(key).find(back, limit, value).count();
    if removed > 0 {
        ctx.change(key, Change::ListRemove { back, count: removed as u64, value });
        ctx.notify_key(Class::LIST, "lrem", key);
        ctx.store().delete_if_empty(key);
    }
    Ok(Reply::count(removed))
}
