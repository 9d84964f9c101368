//! DBSIZE: how many keys the database has, in memory or not, without those whose deadline has passed.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DBSIZE.
pub static SPEC: Spec = Spec {
    name: "dbsize",
    summary: "Answers the number of keys.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1), and O(N) for N keys past their deadline that are not deleted yet",
    arity: 1,
    flags: &[Flag::Fast],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::count(ctx.engine.store.database(ctx.db).visible(ctx.now_ms)))
}
