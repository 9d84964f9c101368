//! MEMORY DOCTOR: what the figures about memory mean, in words.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::telemetry::info::human;

/// MEMORY DOCTOR.
pub static SPEC: Spec = Spec {
    name: "memory|doctor",
    summary: "Explains the use of memory in words.",
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
    let engine = &ctx.engine;
    let (used, budget) = (engine.sample.allocator.allocated, engine.config.memory_budget());
    let mut report = format!("{} of {} in use.\n", human(used), human(budget));
    if engine.is_out_of_memory() {
        report.push_str("Commands that need memory are refused: raise maxmemory, or delete and trim.\n");
    }
    if engine.sample.resident > 2 * used && engine.sample.resident - used > 64 << 20 {
        report.push_str("The process holds much more than it uses; it was larger before, or memory is fragmented.\n");
    }
    Ok(Reply::Verbatim("txt".into(), report.into()))
}
