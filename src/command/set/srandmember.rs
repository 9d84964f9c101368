//! SRANDMEMBER: members chosen at random, different ones unless the count is negative.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::scanning;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;
use bytes::Bytes;

/// SRANDMEMBER.
pub static SPEC: Spec = Spec {
    name: "srandmember",
    summary: "Answers members chosen at random.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members to choose",
    arity: -2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key [count]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = match args.get(2) {
        None => None,
        Some(_) if args.len() > 3 => return Err(error::SYNTAX),
        Some(text) => Some(scanning::random_count(text)?),
    };
    let key = members::read(ctx, args.at(1))?;
    key.map_or(Ok(()), |_| scanning::check_repeated(count.unwrap_or(1)))?;
    Ok(match (key, count) {
        (None, None) => Reply::Null,
        (None, Some(_)) => Reply::Array(Vec::new()),
        (Some(key), None) => one(ctx, key).map_or(Reply::Null, Reply::Bulk),
        (Some(key), Some(count)) => Reply::Array(several(ctx, key, count).into_iter().map(Reply::Bulk).collect()),
    })
}

/// A member.
pub(super) fn one(ctx: &mut Ctx<'_>, key: Key) -> Option<Bytes> {
    several(ctx, key, 1).pop()
}

/// `count` members; a negative count may repeat them.
pub(super) fn several(ctx: &mut Ctx<'_>, key: Key, count: i64) -> Vec<Bytes> {
    let chosen = scanning::random_indices(ctx, ctx.set(key).len(), count);
    chosen.into_iter().filter_map(|place| ctx.set(key).nth(place)).collect()
}
