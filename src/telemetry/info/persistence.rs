//! `# Persistence`: what Redis calls a snapshot is a checkpoint here, and its append-only file is the journal.

use super::page::Page;
use crate::broker::Engine;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    page.zeros(&["loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"]);
    page.line("current_fork_perc", "0.00");
    let (gathered, objects) = engine.tasks.checkpoint_progress();
    page.line("current_save_keys_processed", gathered);
    page.line("current_save_keys_total", objects);
    checkpoints(engine, page);
    journal(engine, page);
    page.zeros(&["module_fork_in_progress", "module_fork_last_cow_size"]);
}

fn checkpoints(engine: &Engine, page: &mut Page) {
    page.line("rdb_changes_since_last_save", engine.store.stats.changes);
    let tasks = &engine.tasks;
    let now_s = engine.clock.now_ms() / 1000;
    let begun_s = tasks.checkpoint_begun_s();
    page.line(
        "rdb_bgsave_in_progress",
        u8::from(begun_s.is_some() || tasks.checkpoint_under_way() || tasks.backups().is_under_way()),
    );
    page.line("rdb_last_save_time", tasks.last_checkpoint_s());
    // A checkpoint that fails ends the process; a backup does not.
    let has_failed = tasks.backups().last().is_some_and(|backup| backup.name.is_err());
    page.line("rdb_last_bgsave_status", if has_failed { "err" } else { "ok" });
    page.line("rdb_last_bgsave_time_sec", tasks.last_checkpoint_took_s().map_or(-1, |s| s as i64));
    page.line("rdb_current_bgsave_time_sec", begun_s.map_or(-1, |at| (now_s - at as i64).max(0)));
    page.line("rdb_saves", tasks.checkpoints());
    page.zeros(&["rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded"]);
}

fn journal(engine: &Engine, page: &mut Page) {
    page.line("aof_enabled", u8::from(engine.is_durable));
    page.zeros(&["aof_rewrite_in_progress", "aof_rewrite_scheduled"]);
    page.line("aof_last_rewrite_time_sec", -1);
    page.line("aof_current_rewrite_time_sec", -1);
    page.line("aof_last_bgrewrite_status", "ok");
    page.zeros(&["aof_rewrites", "aof_rewrites_consecutive_failures"]);
    let trouble = engine.write_trouble.is_some() || engine.sample.backend.background_errors > 0;
    page.line("aof_last_write_status", if trouble { "err" } else { "ok" });
    page.line("aof_last_cow_size", 0);
    if engine.is_durable {
        page.line("aof_current_size", engine.sample.journal_bytes);
        page.line("aof_base_size", 0);
        page.line("aof_pending_rewrite", 0);
        page.line("aof_buffer_length", engine.store.uncommitted_bytes());
        page.zeros(&["aof_rewrite_buffer_length", "aof_pending_bio_fsync"]);
        page.line("aof_delayed_fsync", engine.tasks.sync().pressure.delayed_syncs());
    }
}
