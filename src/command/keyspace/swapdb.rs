//! SWAPDB: two databases change places, for every client at once.

use super::database;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SWAPDB.
pub static SPEC: Spec = Spec {
    name: "swapdb",
    summary: "Exchanges two databases.",
    since: "4.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N clients that wait",
    arity: 3,
    flags: &[Flag::Fast, Flag::Dangerous],
    keys: Keys::None,
    syntax: "index1 index2",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    database::not_in_cluster(ctx, error::cluster::SWAPDB)?;
    let first = database::number_or(args.at(1), error::keyspace::SWAPDB_FIRST)?;
    let second = database::number_or(args.at(2), error::keyspace::SWAPDB_SECOND)?;
    let (a, b) = (database::in_range(ctx, first)?, database::in_range(ctx, second)?);
    if a != b {
        ctx.store().swap(a, b);
        ctx.signal_database(a);
        ctx.signal_database(b);
    }
    Ok(Reply::OK)
}
