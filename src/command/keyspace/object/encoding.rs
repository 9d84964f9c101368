//! OBJECT ENCODING: the name that tools know for how a value is held.
//!
//! Strings are named by what they are now: a number is `int` however it came about.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Value;

/// OBJECT ENCODING.
pub static SPEC: Spec = Spec {
    name: "object|encoding",
    summary: "Answers how a value is held.",
    since: "2.2.3",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::At { first: 2, last: 2, step: 1 },
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(key) = ctx.inspect(args.at(2))? else { return Ok(Reply::Null) };
    Ok(Reply::text(of(&ctx.engine.store.object(key).value)))
}

/// How the reference would hold a value.
pub fn of(value: &Value) -> &'static str {
    match value {
        Value::Str(bytes) => string_encoding(bytes),
        Value::Stream(_) => "stream",
        Value::Hash(hash) if !hash.fields().is_compact() => "hashtable",
        Value::Hash(hash) if hash.was_timed() => "listpackex",
        Value::List(list) if !list.is_compact() => "quicklist",
        Value::Set(set) if set.is_integers() => "intset",
        Value::Set(set) if !set.is_compact() => "hashtable",
        Value::SortedSet(set) if !set.is_compact() => "skiplist",
        Value::Hash(_) | Value::List(_) | Value::Set(_) | Value::SortedSet(_) => "listpack",
    }
}

/// Strings of up to this many bytes are held beside their header by the reference.
const EMBEDDED: usize = 44;

fn string_encoding(value: &[u8]) -> &'static str {
    match value.len() {
        _ if number::integer(value).is_some() => "int",
        0..=EMBEDDED => "embstr",
        _ => "raw",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        for (value, name) in [("-7", "int"), ("007", "embstr"), ("", "embstr"), (&"x".repeat(45), "raw")] {
            assert_eq!(string_encoding(value.as_bytes()), name);
        }
        assert_eq!(string_encoding(b"9223372036854775808"), "embstr");
    }
}
