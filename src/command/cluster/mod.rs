//! Verbs about clusters. Without `cluster-enabled` there is none, and each of them says so: clients ask on connect and expect exactly
//! that error. With it this broker is a cluster of one node, which has all slots and keeps them.
//!
//! What would change that is refused (`changes.rs`), with the reference's words where it refuses it, too. Read next: `nodes.rs` (what
//! clients read on connect), `../slots.rs` (what else a cluster forbids).

mod changes;
mod keys;
mod nodes;

use super::error::{self, Refusal};
use super::help;
use super::spec::{Flag, Group, Keys, Kind, Spec};
use crate::broker::Ctx;
use crate::broker::cluster::Cluster;
use crate::reply::Reply;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&CLUSTER, &READONLY, &READWRITE, &ASKING];

type Answer = Result<Reply, Refusal>;

const CHANGES: &[Flag] = &[Flag::Admin, Flag::Stale, Flag::NoAsyncLoading];
const ADMIN: &[Flag] = &[Flag::Admin, Flag::Stale];
const RESETS: &[Flag] = &[Flag::Admin, Flag::NoScript, Flag::Stale];
const STALE: &[Flag] = &[Flag::Stale];
const ANYBODY: &[Flag] = &[Flag::Loading, Flag::Stale];
const FAST: &[Flag] = &[Flag::Loading, Flag::Stale, Flag::Fast];
const ASKS: &[Flag] = &[Flag::Fast];

const WALKS: &str = "O(N) for N keys in the database";
const QUICK: &str = "O(1)";

/// The cluster, if this is one.
fn cluster<'a>(ctx: &'a mut Ctx<'_>) -> Result<&'a mut Cluster, Refusal> {
    ctx.engine.cluster.as_mut().ok_or(error::cluster::DISABLED)
}

/// `CONSTANT = name, arity, since, group, flags, cost, syntax, summary, function;`
macro_rules! verbs {
    ($($constant:ident = $name:literal, $arity:literal, $since:literal, $group:ident, $flags:ident, $cost:ident, $syntax:literal,
       $summary:literal, $run:expr;)*) => {
        $(#[doc = $summary]
        static $constant: Spec = Spec {
            name: $name,
            summary: $summary,
            since: $since,
            group: Group::$group,
            complexity: $cost,
            arity: $arity,
            flags: $flags,
            keys: Keys::None,
            syntax: $syntax,
            kind: Kind::Session(|ctx, args| {
                cluster(ctx)?;
                $run(ctx, args)
            }),
            subcommands: &[],
        };)*
    };
}

verbs! {
    READONLY = "readonly", 1, "3.0.0", Connection, FAST, QUICK, "",
        "Says that the connection may be answered by a replica; there is none.", |ctx, _| readonly(ctx, true);
    READWRITE = "readwrite", 1, "3.0.0", Connection, FAST, QUICK, "",
        "Takes READONLY back.", |ctx, _| readonly(ctx, false);
    ASKING = "asking", 1, "3.0.0", Connection, ASKS, QUICK, "",
        "Says that the next call follows a redirection; there is none.", |_: &mut Ctx<'_>, _| Ok(Reply::OK);
    ADDSLOTS = "cluster|addslots", -3, "3.0.0", Cluster, CHANGES, QUICK, "slot [slot ...]",
        "Refused: the node has all slots.", changes::add_slots;
    ADDSLOTSRANGE = "cluster|addslotsrange", -4, "7.0.0", Cluster, CHANGES, QUICK, "start-slot end-slot [start-slot end-slot ...]",
        "Refused: the node has all slots.", changes::add_slots_range;
    BUMPEPOCH = "cluster|bumpepoch", 2, "3.0.0", Cluster, CHANGES, QUICK, "",
        "Raises the node's epoch, if it is 0.", changes::bump_epoch;
    COUNT_FAILURE_REPORTS = "cluster|count-failure-reports", 3, "3.0.0", Cluster, ADMIN, QUICK, "node-id",
        "Answers how many nodes say that one has failed: none.", |ctx, args| nodes::known(ctx, args, Reply::Integer(0));
    COUNTKEYSINSLOT = "cluster|countkeysinslot", 3, "3.0.0", Cluster, STALE, WALKS, "slot",
        "Answers how many keys are in a slot.", keys::count;
    DELSLOTS = "cluster|delslots", -3, "3.0.0", Cluster, CHANGES, QUICK, "slot [slot ...]",
        "Refused: the node keeps all slots.", changes::delete_slots;
    DELSLOTSRANGE = "cluster|delslotsrange", -4, "7.0.0", Cluster, CHANGES, QUICK, "start-slot end-slot [start-slot end-slot ...]",
        "Refused: the node keeps all slots.", changes::delete_slots_range;
    FAILOVER = "cluster|failover", -2, "3.0.0", Cluster, CHANGES, QUICK, "[FORCE | TAKEOVER]",
        "Refused: this is no replica.", changes::failover;
    FLUSHSLOTS = "cluster|flushslots", 2, "3.0.0", Cluster, CHANGES, QUICK, "",
        "Refused: the node keeps all slots.", changes::flush_slots;
    FORGET = "cluster|forget", 3, "3.0.0", Cluster, CHANGES, QUICK, "node-id",
        "Refused: there is no other node.", changes::forget;
    GETKEYSINSLOT = "cluster|getkeysinslot", 4, "3.0.0", Cluster, STALE, WALKS, "slot count",
        "Answers names of keys in a slot.", keys::names;
    HELP = "cluster|help", 2, "5.0.0", Cluster, ANYBODY, QUICK, "",
        "Lists the subcommands.", |_: &mut Ctx<'_>, _| Ok(help::lines(&CLUSTER));
    INFO = "cluster|info", 2, "3.0.0", Cluster, STALE, QUICK, "",
        "Answers the state of the cluster.", nodes::info;
    KEYSLOT = "cluster|keyslot", 3, "3.0.0", Cluster, STALE, QUICK, "key",
        "Answers the slot of a key.", keys::slot;
    LINKS = "cluster|links", 2, "7.0.0", Cluster, STALE, QUICK, "",
        "Answers the connections to other nodes: none.", |_: &mut Ctx<'_>, _| Ok(Reply::Array(Vec::new()));
    MEET = "cluster|meet", -4, "3.0.0", Cluster, CHANGES, QUICK, "ip port [cluster-bus-port]",
        "Refused: the node stays alone.", changes::meet;
    MYID = "cluster|myid", 2, "3.0.0", Cluster, STALE, QUICK, "",
        "Answers the name of the node.", |ctx, _| Ok(Reply::bulk(&cluster(ctx)?.node));
    MYSHARDID = "cluster|myshardid", 2, "7.2.0", Cluster, STALE, QUICK, "",
        "Answers the name of the node's shard.", |ctx, _| Ok(Reply::bulk(cluster(ctx)?.shard()));
    NODES = "cluster|nodes", 2, "3.0.0", Cluster, STALE, QUICK, "",
        "Answers a line about the node.", nodes::nodes;
    REPLICAS = "cluster|replicas", 3, "5.0.0", Cluster, ADMIN, QUICK, "node-id",
        "Answers the replicas of a node: none.", |ctx, args| nodes::known(ctx, args, Reply::Array(Vec::new()));
    REPLICATE = "cluster|replicate", 3, "3.0.0", Cluster, CHANGES, QUICK, "node-id",
        "Refused: there is no other node.", changes::replicate;
    RESET = "cluster|reset", -2, "3.0.0", Cluster, RESETS, QUICK, "[HARD | SOFT]",
        "Refused: the node keeps its name and all slots.", changes::reset;
    SAVECONFIG = "cluster|saveconfig", 2, "3.0.0", Cluster, CHANGES, QUICK, "",
        "Does nothing: what there is to keep is kept.", |_: &mut Ctx<'_>, _| Ok(Reply::OK);
    SET_CONFIG_EPOCH = "cluster|set-config-epoch", 3, "3.0.0", Cluster, CHANGES, QUICK, "config-epoch",
        "Sets the node's epoch, if it is 0.", changes::set_epoch;
    SETSLOT = "cluster|setslot", -4, "3.0.0", Cluster, CHANGES, QUICK,
        "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>",
        "Takes what changes nothing: a slot stays where it is.", changes::set_slot;
    SHARDS = "cluster|shards", 2, "7.0.0", Cluster, ANYBODY, QUICK, "",
        "Answers the shard: its slots and its node.", nodes::shards;
    SLAVES = "cluster|slaves", 3, "3.0.0", Cluster, ADMIN, QUICK, "node-id",
        "Answers the replicas of a node: none.", |ctx, args| nodes::known(ctx, args, Reply::Array(Vec::new()));
    SLOTS = "cluster|slots", 2, "3.0.0", Cluster, ANYBODY, QUICK, "",
        "Answers which slots are where: all of them here.", nodes::slots;
}

fn readonly(ctx: &mut Ctx<'_>, is: bool) -> Answer {
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.readonly = is;
    }
    Ok(Reply::OK)
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
