//! SPOP: takes one member, or several, chosen at random. What was chosen is in the journal, not the choice.

use super::{members, srandmember};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// SPOP.
pub static SPEC: Spec = Spec {
    name: "spop",
    summary: "Takes members chosen at random out of a set.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members to take",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [count]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() > 3 {
        return Err(error::SYNTAX);
    }
    let count = match args.get(2) {
        None => None,
        Some(text) => Some(number::integer(text).filter(|n| *n >= 0).ok_or(error::NOT_POSITIVE)?),
    };
    let found = members::find(ctx, args.at(1))?;
    let Some(key) = found else { return Ok(if count.is_some() { Reply::Set(Vec::new()) } else { Reply::Null }) };
    let chosen = match count {
        None => srandmember::one(ctx, key).into_iter().collect(),
        Some(count) => srandmember::several(ctx, key, count),
    };
    for member in &chosen {
        ctx.change(key, Change::MemberRemove { member });
    }
    if !chosen.is_empty() {
        ctx.notify_key(Class::SET, "spop", key);
    }
    ctx.store().delete_if_empty(key);
    let mut chosen: Vec<Reply> = chosen.into_iter().map(Reply::Bulk).collect();
    Ok(if count.is_some() { Reply::Set(chosen) } else { chosen.pop().unwrap_or(Reply::Null) })
}
