//! What commands do with their keys: the key specs of COMMAND INFO.
//!
//! Where keys stand follows from [`Keys`], what becomes of them from [`access`].

use crate::command::spec::{Keys, Spec};
use crate::command::touch::{access, is_stored};
use crate::reply::Reply;

/// How many key specs a command has: one, or one for each key where the two are treated differently.
pub(super) fn count(spec: &Spec) -> usize {
    match (spec.keys, spec.name) {
        (Keys::None, _) => 0,
        (_, "copy" | "rename" | "renamenx" | "bitop" | "sort_ro") => 2,
        (_, "sort") => 3,
        (_, "lmove" | "rpoplpush" | "blmove" | "brpoplpush" | "smove") => 2,
        (_, name) if is_stored(name) => 2,
        _ => 1,
    }
}

/// The key specs of a command.
pub(super) fn describe(spec: &Spec) -> Vec<Reply> {
    (0..count(spec)).map(|nth| one(spec, nth)).collect()
}

fn one(spec: &Spec, nth: usize) -> Reply {
    let flags = access(spec, nth).iter().map(|flag| Reply::Status((*flag).into()));
    let (begin, find) = match spec.keys {
        Keys::None => return Reply::Null,
        Keys::At { first, last: -1, .. } if count(spec) > 1 && nth > 0 => (index(first + nth), range(-1, 1, 0)),
        Keys::At { first, .. } if count(spec) > 1 => (index(first + nth), range(0, 1, 0)),
        Keys::At { first, last, step } => (index(first), range(relative(first, last), step, 0)),
        Keys::Counted { at, step } => (index(at), counted(step)),
        Keys::MaybeCounted { at } => (index(at), counted(1)),
        Keys::Leased => (index(1), range(0, 1, 0)),
        Keys::StoredCounted if nth == 0 => (index(1), range(0, 1, 0)),
        Keys::StoredCounted => (index(2), counted(1)),
        Keys::Streams => (streams(spec.name), range(-1, 1, 2)),
        Keys::Sort { .. } if nth == 0 => (index(1), range(0, 1, 0)),
        Keys::Sort { .. } => (unknown(), unknown()),
    };
    Reply::Map(vec![
        (Reply::text("flags"), Reply::Set(flags.collect())),
        (Reply::text("begin_search"), begin),
        (Reply::text("find_keys"), find),
    ])
}

/// The last key counted from the first; negative numbers count from the end and stay.
fn relative(first: usize, last: i32) -> i64 {
    if last < 0 { last.into() } else { i64::from(last) - first as i64 }
}

fn typed(kind: &'static str, facts: Vec<(Reply, Reply)>) -> Reply {
    Reply::Map(vec![(Reply::text("type"), Reply::text(kind)), (Reply::text("spec"), Reply::Map(facts))])
}

/// What nobody can see in the arguments.
fn unknown() -> Reply {
    typed("unknown", Vec::new())
}

fn number(name: &'static str, n: i64) -> (Reply, Reply) {
    (Reply::text(name), Reply::Integer(n))
}

fn index(at: usize) -> Reply {
    typed("index", vec![number("index", at as i64)])
}

fn range(last: i64, step: usize, limit: i64) -> Reply {
    typed("range", vec![number("lastkey", last), number("keystep", step as i64), number("limit", limit)])
}

fn counted(step: usize) -> Reply {
    typed("keynum", vec![number("keynumidx", 0), number("firstkey", 1), number("keystep", step as i64)])
}

/// The word STREAMS is looked for behind the arguments that come before all options.
fn streams(command: &str) -> Reply {
    let from = if command == "xreadgroup" { 4 } else { 1 };
    typed("keyword", vec![(Reply::text("keyword"), Reply::text("STREAMS")), number("startfrom", from)])
}
