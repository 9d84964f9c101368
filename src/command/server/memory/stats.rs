//! MEMORY STATS: figures about memory by name, the names of the reference where they mean something here.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MEMORY STATS.
pub static SPEC: Spec = Spec {
    name: "memory|stats",
    summary: "Answers figures about memory.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(N) for N connections",
    arity: 2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let engine = &ctx.engine;
    let (heap, rss) = (engine.sample.allocator, engine.sample.resident);
    let keys: u64 = (0..engine.store.databases()).map(|db| engine.store.database(db).len() as u64).sum();
    let clients: usize = engine.clients.iter().map(|c| c.memory()).sum();
    let peak = engine.stats.peak_memory.max(heap.allocated);
    let share = |a: u64, b: u64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let bytes = |name, n: u64| (Reply::text(name), Reply::Integer(n as i64));
    let number = |name, n| (Reply::text(name), Reply::Double(n));
    Ok(Reply::Map(vec![
        bytes("peak.allocated", peak),
        bytes("total.allocated", heap.allocated),
        bytes("startup.allocated", 0),
        bytes("replication.backlog", 0),
        bytes("clients.slaves", 0),
        bytes("clients.normal", clients as u64),
        bytes("aof.buffer", engine.store.uncommitted_bytes() as u64),
        bytes("keys.count", keys),
        bytes("keys.bytes-per-key", heap.allocated.checked_div(keys).unwrap_or(0)),
        bytes("dataset.bytes", heap.allocated),
        number("dataset.percentage", 100.0),
        number("peak.percentage", share(heap.allocated, peak) * 100.0),
        bytes("allocator.allocated", heap.allocated),
        bytes("allocator.active", heap.active),
        bytes("allocator.resident", heap.resident),
        number("allocator-fragmentation.ratio", share(heap.active, heap.allocated)),
        bytes("allocator-fragmentation.bytes", heap.active.saturating_sub(heap.allocated)),
        number("allocator-rss.ratio", share(heap.resident, heap.active)),
        bytes("allocator-rss.bytes", heap.resident.saturating_sub(heap.active)),
        number("fragmentation", share(rss, heap.allocated)),
        bytes("fragmentation.bytes", rss.saturating_sub(heap.allocated)),
    ]))
}
