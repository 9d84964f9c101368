//! HSETNX: puts a field unless it is there; 1 if it did.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;

/// HSETNX.
pub static SPEC: Spec = Spec {
    name: "hsetnx",
    summary: "Puts a field into a hash unless it is there.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let found = pairs::find(ctx, args.at(1))?;
    if found.is_some_and(|key| ctx.hash(key).get(args.at(2)).is_some()) {
        return Ok(Reply::Integer(0));
    }
    let key = ctx.or_create(found, args.at(1), Type::Hash);
    pairs::put(ctx, key, args.at(2), args.at(3));
    ctx.notify(Class::HASH, "hset", args.at(1));
    Ok(Reply::Integer(1))
}
