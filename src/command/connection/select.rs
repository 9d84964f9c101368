//! SELECT: the database that this connection's calls are about from now on.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::keyspace::database;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SELECT.
pub static SPEC: Spec = Spec {
    name: "select",
    summary: "Chooses the database of the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
    keys: Keys::None,
    syntax: "index",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let db = database::any_index(args.at(1))?;
    if db != 0 {
        database::not_in_cluster(ctx, error::cluster::SELECT)?;
    }
    let db = database::in_range(ctx, db)?;
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.db = db;
    }
    Ok(Reply::OK)
}
