//! The ACL categories of commands. They follow from the kind, the group and the flags of a spec.
//!
//! Must never know: users. COMMAND, ACL CAT and the rules of access lists ask this.

use super::spec::{Flag, Group, Spec};

/// All of them, in the order of the reference; then our own.
pub const ALL: [&str; 24] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
    "policy",
    "msg",
    "lease",
];

/// Those of a command.
pub fn of(spec: &Spec) -> Vec<&'static str> {
    ALL.into_iter().filter(|name| contains(name, spec)).collect()
}

/// Whether a command is in a category.
pub fn contains(category: &str, spec: &Spec) -> bool {
    // A container has no category of its own: nobody calls it alone.
    let is_container = spec.kind.run().is_none();
    let is = |name: &str| !is_container && spec.group.category() == Some(name);
    let sorts = spec.group == Group::Sorting;
    let blocks = spec.kind.blocks();
    let admin = spec.has(Flag::Admin) || spec.has(Flag::AdminCategory);
    match category {
        "keyspace" => is("keyspace") && !blocks,
        // What a script that must not write reads is its own affair.
        "read" => spec.kind.reads() && spec.group != Group::Scripting,
        "write" => spec.kind.writes(),
        "set" | "sortedset" | "list" => is(category) || sorts,
        "pubsub" => spec.has(Flag::PubSub),
        "admin" => admin,
        "fast" => spec.has(Flag::Fast),
        "slow" => !spec.has(Flag::Fast),
        "blocking" => blocks,
        "dangerous" => admin || spec.has(Flag::Dangerous),
        // WAIT and WAITAOF are generic verbs about the connection's own writes.
        "connection" => is("connection") || (is("keyspace") && blocks),
        other => is(other),
    }
}
