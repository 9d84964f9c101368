//! MEMORY PURGE: drops what is in memory only to be read faster. The allocator gives pages back by itself.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MEMORY PURGE.
pub static SPEC: Spec = Spec {
    name: "memory|purge",
    summary: "Gives memory back.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(N) for N chunks in memory",
    arity: 2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

/// Chunks looked at: a bounded time under the lock.
const LIMIT: usize = 10_000;

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    if ctx.engine.is_durable {
        ctx.engine.store.evict_chunks(0, LIMIT);
    }
    Ok(Reply::OK)
}
