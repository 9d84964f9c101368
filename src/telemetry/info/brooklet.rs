//! `# Brooklet`: what the reference has no words for.

use super::page::Page;
use crate::broker::Engine;
use crate::broker::pressure::Behind;
use crate::telemetry::version::OWN_VERSION;

/// What writes wait for now.
fn waits_for(engine: &Engine, behind: Behind) -> &'static str {
    match behind {
        Behind::Nothing if engine.memory.pressed => "memory",
        Behind::Nothing => "none",
        Behind::Sync => "sync",
        Behind::Checkpoint => "checkpoint",
    }
}

pub(super) fn write(engine: &Engine, page: &mut Page) {
    let (sample, tasks) = (&engine.sample, &engine.tasks);
    page.line("brooklet_version", OWN_VERSION);
    page.line("storage", if engine.is_durable { "durable" } else { "memory" });
    page.line("out_of_memory", u8::from(engine.is_out_of_memory()));
    let pressure = &tasks.sync().pressure;
    page.line("backpressure", waits_for(engine, pressure.look().1));
    page.line("backpressure_ms", pressure.waited_us() / 1000);
    page.line("backpressure_delayed_writes", engine.stats.delayed_writes);
    page.line("journal_bytes", sample.journal_bytes);
    page.line("journal_uncommitted_bytes", engine.store.uncommitted_bytes());
    page.line("checkpoints", tasks.checkpoints());
    page.line("checkpoint_last_time", tasks.last_checkpoint_s());
    let backup = tasks.backups().last();
    page.line("backup_last", backup.as_ref().and_then(|b| b.name.as_deref().ok()).unwrap_or_default());
    page.line("backup_last_time", backup.as_ref().map_or(0, |b| b.at_ms / 1000));
    page.line("backup_last_error", backup.as_ref().and_then(|b| b.name.as_ref().err()).map_or("", String::as_str));
    page.line("dirty_objects", engine.store.dirty_objects());
    page.line("leases", engine.store.leases());
    page.line("leases_bound", engine.owned_leases());
    page.line("lease_waiters", engine.lease_waiters());
    page.line("lease_tokens_minted", engine.store.stats.minted);
    page.line("storage_bytes", sample.backend.disk_bytes);
    page.line("storage_write_buffer_bytes", sample.backend.memtable_bytes);
    page.line("storage_cache_bytes", sample.backend.cache_bytes);
    page.line("storage_pending_compaction_bytes", sample.backend.pending_compaction_bytes);
    page.line("storage_background_errors", sample.backend.background_errors);
}
