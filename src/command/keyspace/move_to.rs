//! MOVE: takes a key to another database unless the name is taken there; 1 if it did.

use super::database;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// MOVE.
pub static SPEC: Spec = Spec {
    name: "move",
    summary: "Takes a key to another database.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for a value of N bytes",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key db",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    database::not_in_cluster(ctx, error::cluster::MOVE)?;
    let name = args.at(1);
    let db = database::index(ctx, args.at(2))?;
    if db == ctx.db {
        return Err(error::keyspace::SAME_OBJECT);
    }
    let Some(key) = ctx.find(name)? else { return Ok(Reply::Integer(0)) };
    if ctx.engine.store.find(db, name)?.is_some() {
        return Ok(Reply::Integer(0));
    }
    database::all_in_memory(ctx, key)?;
    ctx.store().rename(key, db, name, None);
    ctx.notify(Class::GENERIC, "move_from", name);
    ctx.store().notify(Class::GENERIC, "move_to", db, name);
    Ok(Reply::Integer(1))
}
