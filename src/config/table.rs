//! The options that mean something: the one place where an option is added. From this table come the fields of
//! [`Config`], CONFIG GET, SET and REWRITE, the flags, the file, the environment and the documents.
//!
//! To add one, write a line here, use the field, and renew the documents (the failing test says how). Must never know:
//! how values are parsed or where they came from. Read next: `spec.rs`.

use super::kind::{Kind, Unit};
use super::limits::OutputLimits;
use super::setting::{
    ClientCertificates, DebugAccess, Endpoint, Eviction, Fsync, LogLevel, Mode, Profile, Secret, Setting,
};
use super::spec::{Change, Place, Section, Spec};
use std::collections::BTreeMap;
use std::path::PathBuf;

const fn number(min: i64, max: i64, unit: Unit) -> Kind {
    Kind::Integer { min, max, unit }
}

const MAX: i64 = i64::MAX;
const INT: i64 = i32::MAX as i64;
const MIB: i64 = 1 << 20;

/// `field: type = "name" or "alias", section, change, kind, "default", "summary";`
macro_rules! options {
    ($(
        $field:ident: $type:ty = $name:literal $(or $alias:literal)?, $section:ident, $change:ident, $kind:expr,
        $default:literal, $summary:literal;
    )*) => {
        /// The configuration: a field for each option that means something. Fields end in their unit; sizes are bytes.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Config {
            $(#[doc = $summary] pub $field: $type,)*
            /// Values of directives without effect that differ from their usual default.
            pub(super) inert: BTreeMap<&'static str, String>,
        }

        /// The options behind the fields, in the order of the documents.
        pub(super) const REAL: &[Spec] = &[$(Spec {
            name: $name,
            alias: options!(@alias $($alias)?),
            kind: $kind,
            default: $default,
            change: Change::$change,
            section: Section::$section,
            summary: $summary,
            place: Place::Field {
                read: |config| config.$field.show(),
                write: |config, text| match <$type as Setting>::load(text) {
                    Some(value) => {
                        config.$field = value;
                        true
                    }
                    None => false,
                },
            },
        },)*];

        impl Default for Config {
            fn default() -> Config {
                let mut config = Config { $($field: Default::default(),)* inert: BTreeMap::new() };
                for spec in REAL {
                    // A test proves that every default is accepted.
                    let _ = spec.assign(&mut config, &[spec.default]);
                }
                config
            }
        }
    };
    (@alias) => { None };
    (@alias $alias:literal) => { Some($alias) };
}

options! {
    bind: Vec<String> = "bind", Network, Pinned, Kind::Words, "127.0.0.1 -::1",
        "Addresses to listen on, separated by spaces. A leading minus forgives an address this machine does not have; `*` is every IPv4 address, `::*` every IPv6 address.";
    port: u16 = "port", Network, Pinned, number(0, 65535, Unit::None), "6379",
        "TCP port for clients. 0 opens none where there is a `tls-port` or a `unixsocket`; elsewhere it lets the system choose a free one.";
    tcp_backlog: u32 = "tcp-backlog", Network, Start, number(0, INT, Unit::None), "511",
        "Connections the kernel may hold before they are accepted.";
    unixsocket: PathBuf = "unixsocket", Network, Start, Kind::Path, "",
        "Socket file for clients on this machine. Empty opens none.";
    unixsocketperm: Mode = "unixsocketperm", Network, Start, Kind::Octal, "0",
        "Permissions of the socket file, as chmod takes them. 0 lets only its owner in.";
    tcp_keepalive_s: u64 = "tcp-keepalive", Network, Live, number(0, INT, Unit::Seconds), "300",
        "How often the kernel probes a silent peer. 0 never does.";
    timeout_s: u64 = "timeout", Network, Live, number(0, INT, Unit::Seconds), "0",
        "A client that is idle this long is closed, unless it is blocked or subscribed. 0 lets it stay.";

    tls_port: u16 = "tls-port", Security, Pinned, number(0, 65535, Unit::None), "0",
        "TCP port for clients that speak TLS, 1.2 or 1.3. 0 opens none.";
    tls_cert_file: PathBuf = "tls-cert-file", Security, Live, Kind::Path, "",
        "Certificate of the server and those between it and its authority, as PEM. A file that was replaced counts from the next connection on.";
    tls_key_file: PathBuf = "tls-key-file", Security, Live, Kind::Path, "",
        "Private key of that certificate, as PEM, not encrypted.";
    tls_ca_cert_file: PathBuf = "tls-ca-cert-file", Security, Live, Kind::Path, "",
        "Certificates of those who may sign certificates of clients, as PEM.";
    tls_ca_cert_dir: PathBuf = "tls-ca-cert-dir", Security, Live, Kind::Path, "",
        "Folder of such certificates.";
    tls_auth_clients: ClientCertificates = "tls-auth-clients", Security, Live, Kind::Choice(ClientCertificates::NAMES), "yes",
        "Whether clients have to show a certificate. optional: if they show one, it has to be good.";
    tls_protocols: Vec<String> = "tls-protocols", Security, Live, Kind::Words, "",
        "Versions of TLS to speak, of `TLSv1.2` and `TLSv1.3`. Empty speaks both.";
    cluster_enabled: bool = "cluster-enabled", Cluster, Start, Kind::YesNo, "no",
        "Be a cluster of one node, for clients that expect a cluster. It has all slots and one database, and refuses calls about keys in several slots.";
    cluster_announce_ip: String = "cluster-announce-ip", Cluster, Live, Kind::Text, "",
        "The IP address that CLUSTER gives to clients. Empty: the one through which the client came.";
    cluster_announce_port: u16 = "cluster-announce-port", Cluster, Live, number(0, 65535, Unit::None), "0",
        "The port that CLUSTER gives to clients. 0: the one through which the client came.";
    cluster_announce_bus_port: u16 = "cluster-announce-bus-port", Cluster, Live, number(0, 65535, Unit::None), "0",
        "The port of the cluster bus in CLUSTER NODES. There is no bus; 0 says so.";
    cluster_announce_hostname: String = "cluster-announce-hostname", Cluster, Live, Kind::Hostname, "",
        "The host name that CLUSTER gives to clients beside the IP address, or in its place.";
    cluster_preferred_endpoint_type: Endpoint = "cluster-preferred-endpoint-type", Cluster, Live, Kind::Choice(Endpoint::NAMES), "ip",
        "What CLUSTER SLOTS and SHARDS name as the address to connect to. An unknown endpoint is the one that the client used.";
    sentinel_master_name: String = "sentinel-master-name", Cluster, Live, Kind::Text, "",
        "Answer SENTINEL as one that watches over a master of this name, which is this broker. Empty: SENTINEL is an unknown command.";
    replica_announce_ip: String = "replica-announce-ip" or "slave-announce-ip", Cluster, Live, Kind::Text, "",
        "The IP address or host name that SENTINEL gives to clients. Empty: the IP address through which the client came.";
    replica_announce_port: u16 = "replica-announce-port" or "slave-announce-port", Cluster, Live, number(0, 65535, Unit::None), "0",
        "The port that SENTINEL gives to clients. 0: the one through which the client came.";

    requirepass: Secret = "requirepass", Security, Live, Kind::Secret, "",
        "Password of the default user. Empty asks for none.";
    requirepass_file: PathBuf = "requirepass-file", Security, Start, Kind::Path, "",
        "File whose first line is the password of the default user, for secrets that arrive as files.";
    aclfile: PathBuf = "aclfile", Security, Start, Kind::Path, "",
        "File of users and what they may do, for ACL LOAD and ACL SAVE. Not together with lines `user` in the configuration.";
    acl_pubsub_default: String = "acl-pubsub-default", Security, Live, Kind::Choice(&["allchannels", "resetchannels"]), "resetchannels",
        "Whether new users may use all channels or none.";
    acllog_max_len: u64 = "acllog-max-len", Security, Live, number(0, MAX, Unit::None), "128",
        "Entries that ACL LOG keeps.";
    protected_mode: bool = "protected-mode", Security, Live, Kind::YesNo, "yes",
        "Without a password, serve only clients from this machine.";
    enable_debug_command: DebugAccess = "enable-debug-command", Security, Start, Kind::Choice(DebugAccess::NAMES), "no",
        "Who may call DEBUG: nobody, everybody, or connections from this machine.";

    maxmemory: u64 = "maxmemory", Limits, Live, Kind::Memory(0), "256mb",
        "The whole memory budget: caches, hot streams, values and client buffers. 0 means the default budget. What does not fit stays on disk; nothing is dropped.";
    maxmemory_policy: Eviction = "maxmemory-policy", Limits, Live, Kind::Choice(Eviction::NAMES), "noeviction",
        "What happens when memory is full. A broker does not drop data, so there is one answer.";
    maxclients: u32 = "maxclients", Limits, Live, number(1, u32::MAX as i64, Unit::None), "10000",
        "Connections served at once; further ones get an error and are closed.";
    proto_max_bulk_len: u64 = "proto-max-bulk-len", Limits, Live, Kind::Memory(MIB), "512mb",
        "Longest single argument a client may send.";
    client_query_buffer_limit: u64 = "client-query-buffer-limit", Limits, Live, Kind::Memory(MIB), "1gb",
        "Bytes a client may have sent that no command has used yet. Beyond it, the client is closed.";
    client_output_buffer_limit: OutputLimits = "client-output-buffer-limit", Limits, Live, Kind::Limits,
        "normal 64mb 8mb 60 slave 256mb 64mb 60 pubsub 32mb 8mb 60",
        "Unsent output at which a client is closed, per class: `class hard soft seconds`. A client is closed at `hard` bytes, or after `seconds` above `soft`. Classes: normal, replica, pubsub.";

    tracking_table_max_keys: u64 = "tracking-table-max-keys", Limits, Live, number(0, MAX, Unit::None), "1000000",
        "Keys that are remembered for CLIENT TRACKING. Beyond it, some are told to their clients as changed, and forgotten. 0 sets no limit.";

    dir: PathBuf = "dir", Durability, Protected, Kind::Path, "./data",
        "Folder of the data. Created if it does not exist; one process at a time may use it.";
    appendonly: bool = "appendonly", Durability, Pinned, Kind::YesNo, "yes",
        "Keep a journal. Only `no` together with an empty `save` keeps everything in memory, as `--memory` does.";
    save: String = "save", Durability, Live, Kind::Save, "3600 1 300 100 60 10000",
        "When Redis would write snapshots. Here it counts only whether it is empty at start, and only with `appendonly no`: with snapshots Redis would keep the data, so the journal is kept too.";
    appendfsync: Fsync = "appendfsync", Durability, Live, Kind::Choice(Fsync::NAMES), "everysec",
        "When a commit is forced to disk. always: before its reply; everysec: within a second; no: when the system likes.";
    checkpoint_interval_s: u64 = "checkpoint-interval", Durability, Live, number(1, 86_400, Unit::Seconds), "60",
        "Longest time between checkpoints. A checkpoint bounds what a restart must replay.";
    checkpoint_bytes: u64 = "checkpoint-bytes", Durability, Live, Kind::Memory(MIB), "256mb",
        "Journal size that starts a checkpoint.";
    journal_segment_bytes: u64 = "journal-segment-bytes", Durability, Start, Kind::Memory(MIB), "16mb",
        "Size of one journal file; files are written in full once and then reused.";
    watermark_interval_ms: u64 = "watermark-interval-ms", Durability, Live, number(10, 60_000, Unit::Milliseconds), "1000",
        "With appendfsync always, how often the durable position is noted (100 ms at most); else each sync does.";
    backup_keep: u32 = "backup-keep", Durability, Live, number(0, 1000, Unit::None), "1",
        "How many backups BGSAVE and SAVE leave in the folder `backups` of `dir`; older ones are removed. 0: they only make a checkpoint.";
    databases: u32 = "databases", Durability, Start, number(1, INT, Unit::None), "16",
        "How many databases SELECT can choose from.";

    stream_node_max_bytes: u64 = "stream-node-max-bytes", Streams, Live, Kind::Memory(0), "4096",
        "Bytes in a node: approximate trimming removes whole nodes. 0 sets no limit.";
    stream_node_max_entries: u64 = "stream-node-max-entries", Streams, Live, number(0, MAX, Unit::None), "100",
        "Entries in a node: approximate trimming removes whole nodes. 0 sets no limit.";
    stream_idmp_duration_s: u64 = "stream-idmp-duration", Streams, Live, number(1, 86_400, Unit::Seconds), "100",
        "How long a new stream remembers the ids of idempotent writes.";
    stream_idmp_maxsize: u64 = "stream-idmp-maxsize", Streams, Live, number(1, 10_000, Unit::None), "100",
        "How many ids of idempotent writes a new stream remembers per producer.";
    stream_exact_lag: bool = "stream-exact-lag", Streams, Live, Kind::YesNo, "yes",
        "Report a group's lag as an exact number even after deletions, where the reference answers nothing.";

    loglevel: LogLevel = "loglevel", Observing, Live, Kind::Choice(LogLevel::NAMES), "notice",
        "The least serious message that is logged.";
    logfile: PathBuf = "logfile", Observing, Start, Kind::Path, "",
        "File for the log. Empty logs to standard error.";
    slowlog_log_slower_than_us: i64 = "slowlog-log-slower-than", Observing, Live, number(-1, MAX, Unit::Microseconds), "10000",
        "Commands that take longer enter the slow log. 0 logs all, -1 none.";
    slowlog_max_len: u64 = "slowlog-max-len", Observing, Live, number(0, MAX, Unit::None), "128",
        "Entries the slow log keeps.";
    latency_monitor_threshold_ms: u64 = "latency-monitor-threshold", Observing, Live, number(0, MAX, Unit::Milliseconds), "0",
        "Events that take at least this long are kept for LATENCY. 0 keeps none.";
    latency_tracking: bool = "latency-tracking", Observing, Live, Kind::YesNo, "yes",
        "Measure the latency of every command for INFO latencystats.";
    notify_keyspace_events: String = "notify-keyspace-events", Observing, Live, Kind::Events, "",
        "Which changes of keys are published to subscribers, as letters.";

    profile: Profile = "profile", Running, Start, Kind::Choice(Profile::NAMES), "default",
        "Which defaults hold. edge: those of a small device (below).";
    io_threads: u32 = "io-threads", Running, Start, number(0, 128, Unit::None), "0",
        "Event loops, one thread each. 0 chooses by the number of cores.";
    script_memory_limit: u64 = "script-memory-limit", Running, Live, Kind::Memory(4 * MIB), "64mb",
        "Memory for scripts: variables of the one that runs, and the texts of all that are kept. A script that needs more ends with an error.";
    hz: u32 = "hz", Running, Live, Kind::Clamped { low: 1, high: 500 }, "10",
        "Accepted; background work looks around ten times a second or when it is needed.";
    busy_reply_threshold_ms: u64 = "busy-reply-threshold" or "lua-time-limit", Running, Live, number(0, MAX, Unit::Milliseconds), "5000",
        "A script that runs longer lets other clients in, who are told BUSY and may stop it.";

    memory: bool = "memory", Launch, Launch, Kind::YesNo, "no",
        "Keep everything in memory and touch no disk.";
    ready_file: PathBuf = "ready-file", Launch, Launch, Kind::Path, "",
        "Write the address to this file once clients are served.";
    exit_with_parent: bool = "exit-with-parent", Launch, Launch, Kind::YesNo, "no",
        "Stop when the process that started this one is gone.";
    accept_data_loss: bool = "accept-data-loss", Launch, Launch, Kind::YesNo, "no",
        "Start although commits that were durable are missing.";
    insecure: bool = "insecure", Launch, Launch, Kind::YesNo, "no",
        "Serve other machines without any password.";
    test_clock: bool = "test-clock", Launch, Launch, Kind::YesNo, "no",
        "For tests of programs only: time stands still until TEST.CLOCK moves it.";
    quiet: bool = "quiet", Launch, Launch, Kind::YesNo, "no",
        "Log only what is wrong.";
}
