//! MEMORY MALLOC-STATS: the allocator's figures, a line each.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MEMORY MALLOC-STATS.
pub static SPEC: Spec = Spec {
    name: "memory|malloc-stats",
    summary: "Answers the allocator's figures.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let heap = ctx.engine.sample.allocator;
    let text = format!(
        "allocator {}\nallocated {}\nactive    {}\nresident  {}\nretained  {}\n",
        heap.name, heap.allocated, heap.active, heap.resident, heap.retained
    );
    Ok(Reply::Verbatim("txt".into(), text.into()))
}
