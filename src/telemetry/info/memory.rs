//! `# Memory`: the allocator's and the kernel's figures. `maxmemory` is never 0, because dashboards divide by it.

use super::page::{Page, human, ratio};
use crate::broker::Engine;
use crate::telemetry::overhead::Overhead;
use crate::telemetry::scripts::ScriptFigures;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    used(engine, page);
    let (sample, overhead) = (&engine.sample, Overhead::of(engine));
    let (used, all) = (sample.allocator.allocated, overhead.total());
    page.line("used_memory_overhead", all);
    page.line("used_memory_startup", 0);
    page.line("used_memory_dataset", used.saturating_sub(all));
    page.line("used_memory_dataset_perc", format_args!("{:.2}%", ratio(used.saturating_sub(all), used) * 100.0));
    page.line("allocator_allocated", sample.allocator.allocated);
    page.line("allocator_active", sample.allocator.active);
    page.line("allocator_resident", sample.allocator.resident);
    page.line("allocator_muzzy", 0);
    page.size("total_system_memory", sample.installed);
    scripts(engine, page);
    page.size("maxmemory", engine.config.memory_budget());
    page.line("maxmemory_policy", "noeviction");
    fragmentation(engine, page);
    buffers(&overhead, page);
    page.line("mem_allocator", sample.allocator.name);
    page.zeros(&["mem_overhead_db_hashtable_rehashing", "active_defrag_running"]);
    page.line("lazyfree_pending_objects", engine.store.buried());
    page.line("lazyfreed_objects", 0);
}

fn used(engine: &Engine, page: &mut Page) {
    let used = engine.sample.allocator.allocated;
    let peak = engine.stats.peak_memory.max(used);
    page.size("used_memory", used);
    page.size("used_memory_rss", engine.sample.resident);
    page.size("used_memory_peak", peak);
    page.line("used_memory_peak_perc", format_args!("{:.2}%", ratio(used, peak) * 100.0));
}

fn scripts(engine: &Engine, page: &mut Page) {
    let of = ScriptFigures::of(engine);
    page.line("used_memory_lua", of.vm_eval);
    page.line("used_memory_vm_eval", of.vm_eval);
    page.line("used_memory_lua_human", human(of.vm_eval));
    page.line("used_memory_scripts_eval", of.texts);
    page.line("number_of_cached_scripts", of.cached);
    page.line("number_of_functions", of.functions);
    page.line("number_of_libraries", of.libraries);
    page.line("used_memory_vm_functions", of.vm_functions);
    page.size("used_memory_vm_total", of.vm_eval + of.vm_functions);
    page.line("used_memory_functions", of.library_texts);
    page.size("used_memory_scripts", of.texts + of.library_texts);
}

fn fragmentation(engine: &Engine, page: &mut Page) {
    let (heap, rss) = (&engine.sample.allocator, engine.sample.resident);
    let mut pair = |name: &str, unit: &str, of: u64, to: u64| {
        page.line(&format!("{name}_ratio"), format_args!("{:.2}", ratio(of, to)));
        page.line(&format!("{name}_{unit}"), of as i64 - to as i64);
    };
    pair("allocator_frag", "bytes", heap.active, heap.allocated);
    pair("allocator_rss", "bytes", heap.resident, heap.active);
    pair("rss_overhead", "bytes", rss, heap.resident);
    pair("mem_fragmentation", "bytes", rss, heap.allocated);
}

fn buffers(overhead: &Overhead, page: &mut Page) {
    page.zeros(&[
        "mem_not_counted_for_evict",
        "mem_replication_backlog",
        "mem_total_replication_buffers",
        "mem_replica_full_sync_buffer",
        "mem_clients_slaves",
    ]);
    page.line("mem_clients_normal", overhead.clients);
    page.line("mem_cluster_links", 0);
    page.line("mem_aof_buffer", overhead.journal);
}
