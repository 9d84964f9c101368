//! Verbs about clusters: there is none, and each of them says so. Clients ask on connect and expect exactly this error.

use super::args::Args;
use super::error::{self, Refusal};
use super::spec::{Flag, Group, Keys, Kind, Spec};
use crate::broker::Ctx;
use crate::reply::Reply;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&CLUSTER, &READONLY, &READWRITE, &ASKING];

const CHANGES: &[Flag] = &[Flag::Admin, Flag::Stale, Flag::NoAsyncLoading];
const ADMIN: &[Flag] = &[Flag::Admin, Flag::Stale];
const RESETS: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Stale];
const STALE: &[Flag] = &[Flag::Stale];
const ANYBODY: &[Flag] = &[Flag::Loading, Flag::Stale];
const FAST: &[Flag] = &[Flag::Loading, Flag::Stale, Flag::Fast];

const fn disabled(name: &'static str, arity: i32, since: &'static str, group: Group, flags: &'static [Flag]) -> Spec {
    Spec {
        name,
        summary: "Refused, because there is no cluster.",
        since,
        group,
        complexity: "O(1)",
        arity,
        flags,
        keys: Keys::None,
        syntax: "",
        kind: Kind::Session(run),
        subcommands: &[],
    }
}

fn run(_: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Err(error::server::CLUSTER_DISABLED)
}

/// READONLY.
static READONLY: Spec = disabled("readonly", 1, "3.0.0", Group::Connection, FAST);
/// READWRITE.
static READWRITE: Spec = disabled("readwrite", 1, "3.0.0", Group::Connection, FAST);
/// ASKING.
static ASKING: Spec = disabled("asking", 1, "3.0.0", Group::Connection, &[Flag::Fast]);

/// `CONSTANT = name, arity, since, flags;`
macro_rules! subcommands {
    ($($constant:ident = $name:literal, $arity:literal, $since:literal, $flags:ident;)*) => {
        $(static $constant: Spec = disabled($name, $arity, $since, Group::Cluster, $flags);)*
    };
}

subcommands! {
    ADDSLOTS = "cluster|addslots", -3, "3.0.0", CHANGES;
    ADDSLOTSRANGE = "cluster|addslotsrange", -4, "7.0.0", CHANGES;
    BUMPEPOCH = "cluster|bumpepoch", 2, "3.0.0", CHANGES;
    COUNT_FAILURE_REPORTS = "cluster|count-failure-reports", 3, "3.0.0", ADMIN;
    COUNTKEYSINSLOT = "cluster|countkeysinslot", 3, "3.0.0", STALE;
    DELSLOTS = "cluster|delslots", -3, "3.0.0", CHANGES;
    DELSLOTSRANGE = "cluster|delslotsrange", -4, "7.0.0", CHANGES;
    FAILOVER = "cluster|failover", -2, "3.0.0", CHANGES;
    FLUSHSLOTS = "cluster|flushslots", 2, "3.0.0", CHANGES;
    FORGET = "cluster|forget", 3, "3.0.0", CHANGES;
    GETKEYSINSLOT = "cluster|getkeysinslot", 4, "3.0.0", STALE;
    HELP = "cluster|help", 2, "5.0.0", ANYBODY;
    INFO = "cluster|info", 2, "3.0.0", STALE;
    KEYSLOT = "cluster|keyslot", 3, "3.0.0", STALE;
    LINKS = "cluster|links", 2, "7.0.0", STALE;
    MEET = "cluster|meet", -4, "3.0.0", CHANGES;
    MYID = "cluster|myid", 2, "3.0.0", STALE;
    MYSHARDID = "cluster|myshardid", 2, "7.2.0", STALE;
    NODES = "cluster|nodes", 2, "3.0.0", STALE;
    REPLICAS = "cluster|replicas", 3, "5.0.0", ADMIN;
    REPLICATE = "cluster|replicate", 3, "3.0.0", CHANGES;
    RESET = "cluster|reset", -2, "3.0.0", RESETS;
    SAVECONFIG = "cluster|saveconfig", 2, "3.0.0", CHANGES;
    SET_CONFIG_EPOCH = "cluster|set-config-epoch", 3, "3.0.0", CHANGES;
    SETSLOT = "cluster|setslot", -4, "3.0.0", CHANGES;
    SHARDS = "cluster|shards", 2, "7.0.0", ANYBODY;
    SLAVES = "cluster|slaves", 3, "3.0.0", ADMIN;
    SLOTS = "cluster|slots", 2, "3.0.0", ANYBODY;
}

/// CLUSTER.
static CLUSTER: Spec = Spec {
    name: "cluster",
    summary: "Holds commands about clusters.",
    since: "3.0.0",
    group: Group::Cluster,
    complexity: "O(1)",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[
        &ADDSLOTS,
        &ADDSLOTSRANGE,
        &BUMPEPOCH,
        &COUNT_FAILURE_REPORTS,
        &COUNTKEYSINSLOT,
        &DELSLOTS,
        &DELSLOTSRANGE,
        &FAILOVER,
        &FLUSHSLOTS,
        &FORGET,
        &GETKEYSINSLOT,
        &HELP,
        &INFO,
        &KEYSLOT,
        &LINKS,
        &MEET,
        &MYID,
        &MYSHARDID,
        &NODES,
        &REPLICAS,
        &REPLICATE,
        &RESET,
        &SAVECONFIG,
        &SET_CONFIG_EPOCH,
        &SETSLOT,
        &SHARDS,
        &SLAVES,
        &SLOTS,
    ],
};
