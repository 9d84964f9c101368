//! `# Stats`: counters since the start, or since CONFIG RESETSTAT.

use super::page::Page;
use crate::acl::Reason;
use crate::broker::Engine;
use crate::broker::pubsub::Space;
use crate::telemetry::scripts::ScriptFigures;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    traffic(engine, page);
    page.zeros(&["sync_full", "sync_partial_ok", "sync_partial_err"]);
    page.line("expired_keys", engine.store.stats.expired_keys);
    page.line("expired_subkeys", engine.store.stats.expired_fields);
    page.line("expired_stale_perc", "0.00");
    page.line("evicted_scripts", ScriptFigures::of(engine).evicted);
    page.zeros(NOTHING_EVICTED);
    page.line("keyspace_hits", engine.stats.hits);
    page.line("keyspace_misses", engine.stats.misses);
    page.line("pubsub_channels", engine.pubsub.names(Space::Channel).len());
    page.line("pubsub_patterns", engine.pubsub.names(Space::Pattern).len());
    page.line("pubsubshard_channels", engine.pubsub.names(Space::Shard).len());
    page.zeros(NOT_HERE);
    page.line("tracking_total_keys", engine.tracking.keys());
    page.line("tracking_total_items", engine.tracking.items());
    page.line("tracking_total_prefixes", engine.tracking.prefixes());
    errors(engine, page);
    page.line("total_reads_processed", engine.stats.reads);
    page.line("total_writes_processed", engine.stats.writes);
    page.zeros(&["io_threaded_reads_processed", "io_threaded_writes_processed"]);
    page.line("client_query_buffer_limit_disconnections", engine.stats.query_limit_disconnections);
    page.line("client_output_buffer_limit_disconnections", engine.stats.output_limit_disconnections);
    page.zeros(EVENT_LOOP);
    let denied = |reason| engine.access.log.count(reason);
    page.line("acl_access_denied_auth", denied(Reason::Auth));
    page.line("acl_access_denied_cmd", denied(Reason::Command));
    page.line("acl_access_denied_key", denied(Reason::Key));
    page.line("acl_access_denied_channel", denied(Reason::Channel));
}

const NOTHING_EVICTED: &[&str] = &[
    "expired_time_cap_reached_count",
    "expire_cycle_cpu_milliseconds",
    "evicted_keys",
    "evicted_clients",
    "total_eviction_exceeded_time",
    "current_eviction_exceeded_time",
];

const NOT_HERE: &[&str] = &[
    "latest_fork_usec",
    "total_forks",
    "migrate_cached_sockets",
    "slave_expires_tracked_keys",
    "active_defrag_hits",
    "active_defrag_misses",
    "active_defrag_key_hits",
    "active_defrag_key_misses",
    "total_active_defrag_time",
    "current_active_defrag_time",
];

const EVENT_LOOP: &[&str] = &[
    "reply_buffer_shrinks",
    "reply_buffer_expands",
    "eventloop_cycles",
    "eventloop_duration_sum",
    "eventloop_duration_cmd_sum",
    "instantaneous_eventloop_cycles_per_sec",
    "instantaneous_eventloop_duration_usec",
];

fn traffic(engine: &Engine, page: &mut Page) {
    let stats = &engine.stats;
    let kilobytes = |bytes: f64| format!("{:.2}", bytes / 1024.0);
    page.line("total_connections_received", stats.total_connections);
    page.line("total_commands_processed", stats.total_commands);
    page.line("instantaneous_ops_per_sec", stats.ops_per_second.round());
    page.line("total_net_input_bytes", stats.net_in);
    page.line("total_net_output_bytes", stats.net_out);
    page.zeros(&["total_net_repl_input_bytes", "total_net_repl_output_bytes"]);
    page.line("instantaneous_input_kbps", kilobytes(stats.in_per_second));
    page.line("instantaneous_output_kbps", kilobytes(stats.out_per_second));
    page.line("instantaneous_input_repl_kbps", "0.00");
    page.line("instantaneous_output_repl_kbps", "0.00");
    page.line("rejected_connections", stats.rejected_connections);
}

fn errors(engine: &Engine, page: &mut Page) {
    page.line("unexpected_error_replies", 0);
    page.line("total_error_replies", engine.stats.total_errors);
    page.line("dump_payload_sanitizations", 0);
}
