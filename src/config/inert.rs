//! Directives that Redis 8.0 knows and that mean nothing here: accepted so that a Redis user's file loads, answered by
//! CONFIG GET with their usual default so that tools are content, and otherwise ignored.
//!
//! A data file. Names, kinds, ranges and defaults were recorded from a running redis-server 8.0.6 (CONFIG GET, CONFIG
//! SET); whoever gives one a meaning moves its line to `table.rs`. Must never know: anything else. Read next: `spec.rs`.

use super::kind::{Kind, Unit};
use super::spec::{Change, Place, Section, Spec};

/// Directives in a file that have no value to ask for: old names that the reference still skips, and what asks for
/// something this server does not do.
pub(super) const SKIPPED: &[&str] = &[
    "io-threads-do-reads",
    "list-max-ziplist-entries",
    "list-max-ziplist-value",
    "loadmodule",
    "lua-replicate-commands",
    "rename-command",
];

const YES_NO: Kind = Kind::YesNo;
const MEMORY: Kind = Kind::Memory(0);
const COUNT: Kind = range(0, i64::MAX);
const INTEGER: Kind = range(0, i32::MAX as i64);
const PORT: Kind = range(0, u16::MAX as i64);

const fn range(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max, unit: Unit::None }
}

const fn directive(name: &'static str, kind: Kind, default: &'static str, change: Change) -> Spec {
    Spec {
        name,
        alias: None,
        kind,
        default,
        change,
        section: Section::Inert,
        summary: "Accepted without effect.",
        place: Place::Inert,
    }
}

const fn live(name: &'static str, kind: Kind, default: &'static str) -> Spec {
    directive(name, kind, default, Change::Live)
}

const fn fixed(name: &'static str, kind: Kind, default: &'static str) -> Spec {
    directive(name, kind, default, Change::Start)
}

const fn protected(name: &'static str, kind: Kind, default: &'static str) -> Spec {
    directive(name, kind, default, Change::Protected)
}

impl Spec {
    const fn also(self, alias: &'static str) -> Spec {
        Spec { alias: Some(alias), ..self }
    }
}

/// The directives, by name.
#[rustfmt::skip]
pub(super) const INERT: &[Spec] = &[
    live("active-defrag-cycle-max", range(1, 99), "25"),
    live("active-defrag-cycle-min", range(1, 99), "1"),
    live("active-defrag-ignore-bytes", MEMORY, "104857600"),
    live("active-defrag-max-scan-fields", range(1, i64::MAX), "1000"),
    live("active-defrag-threshold-lower", range(0, 1000), "10"),
    live("active-defrag-threshold-upper", range(0, 1000), "100"),
    live("active-expire-effort", range(1, 10), "1"),
    live("activedefrag", YES_NO, "no"),
    live("activerehashing", YES_NO, "yes"),
    fixed("always-show-logo", YES_NO, "no"),
    live("aof-load-truncated", YES_NO, "yes"),
    fixed("aof-rewrite-cpulist", Kind::Text, "").also("aof_rewrite_cpulist"),
    live("aof-rewrite-incremental-fsync", YES_NO, "yes"),
    live("aof-timestamp-enabled", YES_NO, "no"),
    live("aof-use-rdb-preamble", YES_NO, "yes"),
    fixed("appenddirname", Kind::Text, "appendonlydir"),
    fixed("appendfilename", Kind::Text, "appendonly.aof"),
    live("auto-aof-rewrite-min-size", MEMORY, "67108864"),
    live("auto-aof-rewrite-percentage", INTEGER, "100"),
    fixed("bgsave-cpulist", Kind::Text, "").also("bgsave_cpulist"),
    live("bind-source-addr", Kind::Words, ""),
    fixed("bio-cpulist", Kind::Text, "").also("bio_cpulist"),
    live("cluster-allow-pubsubshard-when-down", YES_NO, "yes"),
    live("cluster-allow-reads-when-down", YES_NO, "no"),
    live("cluster-allow-replica-migration", YES_NO, "yes"),
    live("cluster-announce-human-nodename", Kind::Text, ""),
    live("cluster-announce-tls-port", PORT, "0"),
    live("cluster-compatibility-sample-ratio", range(0, 100), "0"),
    fixed("cluster-config-file", Kind::Text, "nodes.conf"),
    live("cluster-link-sendbuf-limit", MEMORY, "0"),
    live("cluster-migration-barrier", INTEGER, "1"),
    live("cluster-node-timeout", COUNT, "15000"),
    fixed("cluster-port", PORT, "0"),
    live("cluster-replica-no-failover", YES_NO, "no").also("cluster-slave-no-failover"),
    live("cluster-replica-validity-factor", INTEGER, "10").also("cluster-slave-validity-factor"),
    live("cluster-require-full-coverage", YES_NO, "yes"),
    live("crash-log-enabled", YES_NO, "yes"),
    live("crash-memcheck-enabled", YES_NO, "yes"),
    fixed("daemonize", YES_NO, "no"),
    protected("dbfilename", Kind::Text, "dump.rdb"),
    fixed("disable-thp", YES_NO, "yes"),
    live("dynamic-hz", YES_NO, "yes"),
    fixed("enable-module-command", Kind::Choice(&["no", "yes", "local"]), "no"),
    fixed("enable-protected-configs", Kind::Choice(&["no", "yes", "local"]), "no"),
    live("hash-max-listpack-entries", COUNT, "512").also("hash-max-ziplist-entries"),
    live("hash-max-listpack-value", MEMORY, "64").also("hash-max-ziplist-value"),
    live("hide-user-data-from-log", YES_NO, "no"),
    live("hll-sparse-max-bytes", MEMORY, "3000"),
    live("ignore-warnings", Kind::Words, ""),
    live("jemalloc-bg-thread", YES_NO, "yes"),
    live("latency-tracking-info-percentiles", Kind::Words, "50 99 99.9"),
    live("lazyfree-lazy-eviction", YES_NO, "no"),
    live("lazyfree-lazy-expire", YES_NO, "no"),
    live("lazyfree-lazy-server-del", YES_NO, "no"),
    live("lazyfree-lazy-user-del", YES_NO, "no"),
    live("lazyfree-lazy-user-flush", YES_NO, "no"),
    live("lfu-decay-time", INTEGER, "1"),
    live("lfu-log-factor", INTEGER, "10"),
    live("list-compress-depth", INTEGER, "0"),
    live("list-max-listpack-size", range(i32::MIN as i64, i32::MAX as i64), "-2").also("list-max-ziplist-size"),
    live("locale-collate", Kind::Text, ""),
    live("masterauth", Kind::Secret, ""),
    live("masteruser", Kind::Text, ""),
    live("max-new-connections-per-cycle", range(1, 1000), "10"),
    live("max-new-tls-connections-per-cycle", range(1, 1000), "1"),
    live("maxmemory-clients", Kind::MemoryOrPercent, "0"),
    live("maxmemory-eviction-tenacity", range(0, 100), "10"),
    live("maxmemory-samples", range(1, 64), "5"),
    live("min-replicas-max-lag", INTEGER, "10").also("min-slaves-max-lag"),
    live("min-replicas-to-write", INTEGER, "0").also("min-slaves-to-write"),
    live("no-appendfsync-on-rewrite", YES_NO, "no"),
    live("oom-score-adj", Kind::Choice(&["no", "yes", "relative", "absolute"]), "no"),
    live("oom-score-adj-values", Kind::Words, "0 200 800"),
    fixed("pidfile", Kind::Text, ""),
    live("proc-title-template", Kind::Text, "{title} {listen-addr} {server-mode}"),
    live("propagation-error-behavior", Kind::Choice(&["ignore", "panic", "panic-on-replicas"]), "ignore"),
    live("rdb-del-sync-files", YES_NO, "no"),
    live("rdb-save-incremental-fsync", YES_NO, "yes"),
    fixed("rdbchecksum", YES_NO, "yes"),
    live("rdbcompression", YES_NO, "yes"),
    live("repl-backlog-size", MEMORY, "1048576"),
    live("repl-backlog-ttl", COUNT, "3600"),
    live("repl-disable-tcp-nodelay", YES_NO, "no"),
    live("repl-diskless-load", Kind::Choice(&["disabled", "on-empty-db", "swapdb"]), "disabled"),
    live("repl-diskless-sync", YES_NO, "yes"),
    live("repl-diskless-sync-delay", INTEGER, "5"),
    live("repl-diskless-sync-max-replicas", INTEGER, "0"),
    live("repl-ping-replica-period", range(1, i32::MAX as i64), "10").also("repl-ping-slave-period"),
    live("repl-timeout", range(1, i32::MAX as i64), "60"),
    live("replica-announced", YES_NO, "yes"),
    live("replica-full-sync-buffer-limit", MEMORY, "0"),
    live("replica-ignore-disk-write-errors", YES_NO, "no"),
    live("replica-ignore-maxmemory", YES_NO, "yes").also("slave-ignore-maxmemory"),
    live("replica-lazy-flush", YES_NO, "no").also("slave-lazy-flush"),
    live("replica-priority", INTEGER, "100").also("slave-priority"),
    live("replica-read-only", YES_NO, "yes").also("slave-read-only"),
    live("replica-serve-stale-data", YES_NO, "yes").also("slave-serve-stale-data"),
    fixed("replicaof", Kind::Words, "").also("slaveof"),
    live("sanitize-dump-payload", Kind::Choice(&["no", "yes", "clients"]), "no"),
    fixed("server-cpulist", Kind::Text, "").also("server_cpulist"),
    live("set-max-intset-entries", COUNT, "512"),
    live("set-max-listpack-entries", COUNT, "128"),
    live("set-max-listpack-value", COUNT, "64"),
    fixed("set-proc-title", YES_NO, "yes"),
    live("shutdown-on-sigint", Kind::Choices(&["default", "save", "nosave", "now", "force"]), "default"),
    live("shutdown-on-sigterm", Kind::Choices(&["default", "save", "nosave", "now", "force"]), "default"),
    live("shutdown-timeout", INTEGER, "10"),
    fixed("socket-mark-id", range(0, u32::MAX as i64), "0"),
    live("stop-writes-on-bgsave-error", YES_NO, "yes"),
    fixed("supervised", Kind::Choice(&["upstart", "systemd", "auto", "no"]), "no"),
    fixed("syslog-enabled", YES_NO, "no"),
    fixed("syslog-facility", Kind::Text, "local0"),
    fixed("syslog-ident", Kind::Text, "redis"),
    live("tls-ciphers", Kind::Text, ""),
    live("tls-ciphersuites", Kind::Text, ""),
    live("tls-client-cert-file", Kind::Text, ""),
    live("tls-client-key-file", Kind::Text, ""),
    live("tls-client-key-file-pass", Kind::Secret, ""),
    live("tls-cluster", YES_NO, "no"),
    live("tls-dh-params-file", Kind::Text, ""),
    live("tls-key-file-pass", Kind::Secret, ""),
    live("tls-prefer-server-ciphers", YES_NO, "no"),
    live("tls-replication", YES_NO, "no"),
    live("tls-session-cache-size", INTEGER, "20480"),
    live("tls-session-cache-timeout", INTEGER, "300"),
    live("tls-session-caching", YES_NO, "yes"),
    live("zset-max-listpack-entries", COUNT, "128").also("zset-max-ziplist-entries"),
    live("zset-max-listpack-value", MEMORY, "64").also("zset-max-ziplist-value"),];
