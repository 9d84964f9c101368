//! LTRIM: keeps the elements between two indices, both included.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::indices;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// LTRIM.
pub static SPEC: Spec = Spec {
    name: "ltrim",
    summary: "Keeps the elements between two indices.",
    since: "1.0.0",
    group: Group::List,
    complexity: "O(N) for N elements that go",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start stop",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let range = indices::parse(args.at(2), args.at(3))?;
    let Some(key) = ends::find(ctx, args.at(1))? else { return Ok(Reply::OK) };
    let len = ctx.list(key).len();
    let (first, keep) = indices::span(range, len);
    if keep < len {
        ctx.change(key, Change::ListTrim { first: first as u64, keep: keep as u64 });
    }
    ctx.notify_key(Class::LIST, "ltrim", key);
    ctx.store().delete_if_empty(key);
    Ok(Reply::OK)
}
