//! RANDOMKEY: a name chosen at random, every key with the same chance; null if there is none.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// RANDOMKEY.
pub static SPEC: Spec = Spec {
    name: "randomkey",
    summary: "Answers a name chosen at random.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::NondeterministicOutput],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let engine = &mut *ctx.engine;
    let read = engine.names.get(&ctx.client).map_or(&[][..], Vec::as_slice);
    let name = engine.store.random_name(ctx.db, read)?;
    Ok(name.map_or(Reply::Null, Reply::bulk))
}
