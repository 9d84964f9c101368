//! MEMORY STATS: figures about memory by name, the names of the reference where they mean something here.

use crate::broker::{Ctx, Engine};
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::telemetry::overhead::Overhead;
use crate::telemetry::scripts::ScriptFigures;

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
    let mut facts = uses(ctx.engine);
    facts.extend(allocator(ctx.engine));
    Ok(Reply::Map(facts))
}

type Fact = (Reply, Reply);

fn bytes(name: &'static str, n: u64) -> Fact {
    (Reply::text(name), Reply::Integer(n as i64))
}

fn number(name: &'static str, n: f64) -> Fact {
    (Reply::text(name), Reply::Double(n))
}

fn share(a: u64, b: u64) -> f64 {
    if b == 0 { 0.0 } else { a as f64 / b as f64 }
}

/// What it is used for.
fn uses(engine: &Engine) -> Vec<Fact> {
    let (used, overhead, scripts) =
        (engine.sample.allocator.allocated, Overhead::of(engine), ScriptFigures::of(engine));
    let databases = || (0..engine.store.databases()).map(|db| (db, engine.store.database(db)));
    let keys: u64 = databases().map(|(_, database)| database.len() as u64).sum();
    let peak = engine.stats.peak_memory.max(used);
    let data = used.saturating_sub(overhead.total());
    let mut facts = vec![
        bytes("peak.allocated", peak),
        bytes("total.allocated", used),
        bytes("startup.allocated", 0),
        bytes("replication.backlog", 0),
        bytes("replica.fullsync.buffer", 0),
        bytes("clients.slaves", 0),
        bytes("clients.normal", overhead.clients),
        bytes("cluster.links", 0),
        bytes("aof.buffer", overhead.journal),
        bytes("lua.caches", scripts.texts),
        bytes("functions.caches", scripts.library_texts),
        bytes("script.VMs", scripts.vm_eval + scripts.vm_functions),
    ];
    for (db, database) in databases().filter(|(_, database)| !database.is_empty()) {
        let names = bytes("overhead.hashtable.main", database.names_memory() as u64);
        let tables = vec![names, bytes("overhead.hashtable.expires", 0)];
        facts.push((Reply::Bulk(format!("db.{db}").into()), Reply::Map(tables)));
    }
    facts.extend([
        bytes("overhead.db.hashtable.lut", 0),
        bytes("overhead.db.hashtable.rehashing", 0),
        bytes("overhead.total", overhead.total()),
        bytes("db.dict.rehashing.count", 0),
        bytes("keys.count", keys),
        bytes("keys.bytes-per-key", data.checked_div(keys).unwrap_or(0)),
        bytes("dataset.bytes", data),
        number("dataset.percentage", share(data, used) * 100.0),
        number("peak.percentage", share(used, peak) * 100.0),
    ]);
    facts
}

/// How the allocator holds it.
fn allocator(engine: &Engine) -> Vec<Fact> {
    let (heap, rss) = (engine.sample.allocator, engine.sample.resident);
    vec![
        bytes("allocator.allocated", heap.allocated),
        bytes("allocator.active", heap.active),
        bytes("allocator.resident", heap.resident),
        bytes("allocator.muzzy", 0),
        number("allocator-fragmentation.ratio", share(heap.active, heap.allocated)),
        bytes("allocator-fragmentation.bytes", heap.active.saturating_sub(heap.allocated)),
        number("allocator-rss.ratio", share(heap.resident, heap.active)),
        bytes("allocator-rss.bytes", heap.resident.saturating_sub(heap.active)),
        number("rss-overhead.ratio", share(rss, heap.resident)),
        bytes("rss-overhead.bytes", rss.saturating_sub(heap.resident)),
        number("fragmentation", share(rss, heap.allocated)),
        bytes("fragmentation.bytes", rss.saturating_sub(heap.allocated)),
    ]
}
