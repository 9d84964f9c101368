//! What a call touches: which keys, how, and which channels. Access lists ask this, and COMMAND.
//!
//! Must never know: users, values.

use super::args::Args;
use super::spec::{Keys, Spec};

/// A key that a call touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The argument that names it.
    pub at: usize,
    /// Its value is seen.
    pub reads: bool,
    /// Its value is changed, added or taken away.
    pub writes: bool,
}

/// The channels that a call sends to or listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// The first argument that names one.
    pub first: usize,
    /// The one behind the last.
    pub end: usize,
    /// They are patterns.
    pub patterns: bool,
}

/// The keys of a call. None of one that contradicts itself: that is refused when it runs.
pub fn keys(spec: &Spec, args: Args<'_>) -> Vec<Touch> {
    if spec.keys == Keys::None || channels(spec, args).is_some() {
        return Vec::new();
    }
    if spec.keys == Keys::Leased {
        // What becomes of the other keys is asked of the call inside, when it runs.
        return vec![Touch { at: 1, reads: true, writes: false }];
    }
    let positions = spec.keys.positions(args).unwrap_or_default();
    let one = |(nth, at): (usize, usize)| {
        // All keys behind the first are treated alike.
        let flags = access_of(spec, nth.min(1), args);
        let has = |flag: &str| flags.contains(&flag);
        Touch { at, reads: has("access"), writes: has("insert") || has("delete") || has("update") }
    };
    positions.into_iter().enumerate().map(one).collect()
}

/// The channels of a call, if it is about channels. Who stops listening needs no permission.
pub fn channels(spec: &Spec, args: Args<'_>) -> Option<Channels> {
    let (end, patterns) = match spec.name {
        "publish" | "spublish" => (2, false),
        "subscribe" | "ssubscribe" => (args.len(), false),
        "psubscribe" => (args.len(), true),
        "sunsubscribe" => (1, false),
        _ => return None,
    };
    Some(Channels { first: 1, end, patterns })
}

/// What a call does with its `nth` key, where that depends on its options.
pub fn access_of(spec: &Spec, nth: usize, args: Args<'_>) -> &'static [&'static str] {
    let asks = || args.from(3).iter().any(|word| word.eq_ignore_ascii_case(b"GET"));
    match spec.name {
        // The second argument that is a key is the destination.
        "sort" if nth > 0 => access(spec, 2),
        "set" if asks() => &["RW", "access", "update"],
        "set" => &["OW", "update"],
        "bitfield" if only_gets(args) => &["RO", "access"],
        "bitfield" => &["RW", "access", "update"],
        _ => access(spec, nth),
    }
}

/// Whether a BITFIELD changes nothing.
fn only_gets(args: Args<'_>) -> bool {
    let mut at = 2;
    while let Some(word) = args.get(at) {
        at += match word.to_ascii_uppercase().as_slice() {
            b"GET" if args.len() > at + 2 => 3,
            b"OVERFLOW" if args.len() > at + 1 => 2,
            _ => return false,
        };
    }
    true
}

/// What a command does with its `nth` key: RO, RW, OW (overwritten unseen) or RM, and whether a value is seen, changed,
/// added or taken away. It follows from the kind, except for the commands listed here.
pub fn access(spec: &Spec, nth: usize) -> &'static [&'static str] {
    if let Some(flags) = element_access(spec.name, nth) {
        return flags;
    }
    match (spec.name, nth) {
        ("xlen" | "exists" | "type" | "strlen" | "touch" | "watch" | "memory|usage", _) => &["RO"],
        ("object|encoding" | "object|refcount" | "object|freq" | "object|idletime", _) => &["RO"],
        ("ssubscribe" | "sunsubscribe" | "spublish", _) => &["not_key"],
        // Keys that BY and GET mean stand nowhere: they count as the second one.
        ("sort", 2) | ("bitop", 0) => &["OW", "update"],
        ("sort" | "bitop", _) => &["RO", "access"],
        ("setbit", _) => &["RW", "access", "update"],
        ("bitfield", _) => &["RW", "access", "update", "variable_flags"],
        ("copy", 0) | ("xreadgroup", _) => &["RO", "access"],
        ("setex" | "psetex" | "mset" | "msetex", _) | ("copy" | "rename", 1) => &["OW", "update"],
        ("setnx" | "msetnx", _) | ("renamenx", 1) => &["OW", "insert"],
        ("set", _) => &["RW", "access", "update", "variable_flags"],
        ("del" | "unlink" | "delex" | "delifeq", _) => &["RM", "delete"],
        ("rename" | "renamenx" | "getdel", _) => &["RW", "access", "delete"],
        ("lease.release", _) => &["RW", "delete"],
        ("lease.acquire" | "lease.renew" | "lease.transfer", _) => &["RW", "access", "update"],
        ("lease.exec", _) => &["RO", "access"],
        ("append" | "xgroup|create" | "xgroup|createconsumer", _) => &["RW", "insert"],
        ("getex" | "getset" | "move" | "incr" | "incrby" | "incrbyfloat" | "increx" | "decr" | "decrby", _) => {
            &["RW", "access", "update"]
        }
        ("xgroup|destroy" | "xgroup|delconsumer" | "xautoclaim" | "xdel" | "xdelex" | "xackdel" | "xtrim", _) => {
            &["RW", "delete"]
        }
        _ if spec.kind.reads() => &["RO", "access"],
        ("eval" | "evalsha" | "fcall", _) => &["RW", "access", "update"],
        _ => &["RW", "update"],
    }
}

/// The same for verbs about hashes, lists, sets and sorted sets.
fn element_access(name: &str, nth: usize) -> Option<&'static [&'static str]> {
    Some(match (name, nth) {
        (name, _) if is_stored(name) => match nth {
            0 => &["OW", "update"],
            _ => &["RO", "access"],
        },
        ("lmove" | "rpoplpush" | "blmove" | "brpoplpush" | "smove", 1) => &["RW", "insert"],
        ("lmove" | "rpoplpush" | "blmove" | "brpoplpush" | "smove", _) => &["RW", "access", "delete"],
        ("hlen" | "hexists" | "hstrlen" | "llen" | "sismember" | "scard" | "zcard", _) => &["RO"],
        ("hsetnx" | "lpush" | "rpush" | "lpushx" | "rpushx" | "linsert" | "sadd", _) => &["RW", "insert"],
        ("hdel" | "lrem" | "ltrim" | "srem" | "zrem", _) => &["RW", "delete"],
        ("zremrangebyrank" | "zremrangebyscore" | "zremrangebylex", _) => &["RW", "delete"],
        ("hincrby" | "hincrbyfloat" | "hgetex" | "zincrby", _) => &["RW", "access", "update"],
        ("hgetdel" | "lpop" | "rpop" | "lmpop" | "blpop" | "brpop" | "blmpop" | "spop", _) => {
            &["RW", "access", "delete"]
        }
        ("zpopmin" | "zpopmax" | "zmpop" | "bzpopmin" | "bzpopmax" | "bzmpop", _) => &["RW", "access", "delete"],
        _ => return None,
    })
}

/// Whether a verb combines sets into the key that is its first argument.
pub fn is_stored(name: &str) -> bool {
    matches!(name, "sinterstore" | "sunionstore" | "sdiffstore" | "zrangestore")
        || matches!(name, "zunionstore" | "zinterstore" | "zdiffstore")
}
