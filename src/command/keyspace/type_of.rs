//! TYPE: the type of a value, `none` if there is no such key.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// TYPE.
pub static SPEC: Spec = Spec {
    name: "type",
    summary: "Answers the type of a value.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = ctx.peek(args.at(1))?;
    let name = key.map_or("none", |key| ctx.engine.store.object(key).kind().name());
    Ok(Reply::Status(name.into()))
}
