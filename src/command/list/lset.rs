//! LSET: replaces the element at an index.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::indices;
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// LSET.
pub static SPEC: Spec = Spec {
    name: "lset",
    summary: "Replaces the element at an index.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key index element",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = ends::find(ctx, args.at(1))?.ok_or(error::NO_SUCH_KEY)?;
    let index = number::arg(args.at(2))?;
    let at = indices::place(index, ctx.list(key).len()).ok_or(error::list::INDEX)?;
    ctx.change(key, Change::ListSet { index: at as u64, value: args.at(3) });
    ctx.notify_key(Class::LIST, "lset", key);
    Ok(Reply::OK)
}
