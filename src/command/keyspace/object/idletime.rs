//! OBJECT IDLETIME: seconds since a key was last used, or was read from disk.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// OBJECT IDLETIME.
pub static SPEC: Spec = Spec {
    name: "object|idletime",
    summary: "Answers how long a key was not used, in seconds.",
    since: "2.2.3",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::At { first: 2, last: 2, step: 1 },
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = ctx.inspect(args.at(2))? else { return Ok(Reply::Null) };
    let idle_ms = ctx.now_ms - ctx.engine.store.object(key).used_ms();
    Ok(Reply::Integer(idle_ms.max(0) / 1000))
}
