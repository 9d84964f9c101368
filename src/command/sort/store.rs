//! SORT: answers elements in order, or stores them as a list.

use super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;
use bytes::Bytes;

/// SORT.
pub static SPEC: Spec = Spec {
    name: "sort",
    summary: "Sorts the elements of a list, set or sorted set.",
    since: "1.0.0",
    group: Group::Sorting,
    complexity: "O(N+M*log(M)) for N elements, of which M are answered",
    arity: -2,
    flags: &[Flag::Denyoom, Flag::Dangerous],
    keys: Keys::Sort { stores: true },
    syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA] [STORE destination]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (sorted, destination) = run::sorted(ctx, args, true)?;
    match destination {
        Some(name) => store(ctx, name, sorted),
        None => Ok(run::reply(sorted)),
    }
}

/// Makes `name` a list of what was found; what was not is an empty element.
fn store(ctx: &mut Ctx<'_>, name: &[u8], sorted: Vec<Option<Bytes>>) -> Result<Reply, Refusal> {
    let Some(key) = ctx.replace(name, Type::List, sorted.len())? else { return Ok(Reply::Integer(0)) };
    for element in &sorted {
        ctx.change(key, Change::ListPush { back: true, value: element.as_deref().unwrap_or_default() });
    }
    ctx.notify(Class::LIST, "sortstore", name);
    ctx.engine.store.signal(ctx.db, name);
    Ok(Reply::count(sorted.len()))
}
