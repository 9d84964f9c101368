//! Error texts of a cluster, and of SENTINEL.

use super::{Refusal, lossy, owned, texts};

texts! {
    DISABLED = "ERR This instance has cluster support disabled";
    CROSS_SLOT = "CROSSSLOT Keys in request don't hash to the same slot";
    SELECT = "ERR SELECT is not allowed in cluster mode";
    MOVE = "ERR MOVE is not allowed in cluster mode";
    SWAPDB = "ERR SWAPDB is not allowed in cluster mode";
    SORT_BY = "ERR BY option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.";
    SORT_GET = "ERR GET option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots.";
    ALONE = "ERR this cluster is one node that has all slots; that cannot be changed";
    INVALID_SLOT = "ERR Invalid slot";
    INVALID_SLOT_OR_COUNT = "ERR Invalid slot or number of keys";
    SLOT_OUT_OF_RANGE = "ERR Invalid or out of range slot";
    FORGET_MYSELF = "ERR I tried hard but I can't forget myself...";
    REPLICATE_MYSELF = "ERR Can't replicate myself";
    FAILOVER_OF_MASTER = "ERR You should send CLUSTER FAILOVER to a replica";
    SETSLOT_ACTION = "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP";
    RESET_WITH_KEYS = "ERR CLUSTER RESET can't be called with master nodes containing keys";
    FLUSHSLOTS_WITH_KEYS = "ERR DB must be empty to perform CLUSTER FLUSHSLOTS.";
    EPOCH_TAKEN = "ERR Node config epoch is already non-zero";
    NO_SUCH_MASTER = "ERR No such master with that name";
}

/// The line for a node that is not known.
pub fn unknown_node(name: &[u8]) -> Refusal {
    owned(format!("ERR Unknown node {}", lossy(name)))
}

/// The same, where SETSLOT says it.
pub fn unknown_target(name: &[u8]) -> Refusal {
    owned(format!("ERR I don't know about node {}", lossy(name)))
}

/// The line for a slot that has an owner.
pub fn busy(slot: u16) -> Refusal {
    owned(format!("ERR Slot {slot} is already busy"))
}

/// The line for a slot that IMPORTING names.
pub fn own_slot(slot: u16) -> Refusal {
    owned(format!("ERR I'm already the owner of hash slot {slot}"))
}

/// The line for a slot that stands in one call twice.
pub fn repeated(slot: u16) -> Refusal {
    owned(format!("ERR Slot {slot} specified multiple times"))
}

/// The line for a range whose ends are in the wrong order.
pub fn backwards(start: u16, end: u16) -> Refusal {
    owned(format!("ERR start slot number {start} is greater than end slot number {end}"))
}

/// The line for an epoch below zero.
pub fn invalid_epoch(epoch: i64) -> Refusal {
    owned(format!("ERR Invalid config epoch specified: {epoch}"))
}

/// The line for a port of MEET that is no number; `which` is `base` or `bus`.
pub fn invalid_port(which: &str, port: &[u8]) -> Refusal {
    owned(format!("ERR Invalid {which} port specified: {}", lossy(port)))
}

/// The line for an address of MEET that is none.
pub fn invalid_address(ip: &[u8], port: &[u8]) -> Refusal {
    owned(format!("ERR Invalid node address specified: {}:{}", lossy(ip), lossy(port)))
}

/// The line for a subcommand with more arguments than it takes.
pub fn too_many_arguments(name: &[u8]) -> Refusal {
    owned(format!("ERR unknown subcommand or wrong number of arguments for '{}'. Try CLUSTER HELP.", lossy(name)))
}
