//! ZRANDMEMBER: members chosen at random, different ones unless the count is negative.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::scanning;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZRANDMEMBER.
pub static SPEC: Spec = Spec {
    name: "zrandmember",
    summary: "Answers members chosen at random.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N log(M)) for N members to choose among M",
    arity: -2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key [count [WITHSCORES]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = args.get(2).map(scanning::random_count).transpose()?;
    let with_scores = match args.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"WITHSCORES") && args.len() == 4 => true,
        Some(_) => return Err(error::SYNTAX),
    };
    if with_scores && count.is_some_and(|n| n.unsigned_abs() > i64::MAX as u64 / 2) {
        return Err(error::OUT_OF_RANGE);
    }
    let Some(key) = scores::read(ctx, args.at(1))? else {
        return Ok(if count.is_some() { Reply::Array(Vec::new()) } else { Reply::Null });
    };
    scanning::check_repeated(count.unwrap_or(1))?;
    let len = ctx.sorted_set(key).len();
    if usize::try_from(count.unwrap_or(-1)).is_ok_and(|count| count >= len) {
        // All of them: the reference begins with the highest.
        return Ok(scores::reply(ctx.sorted_set(key).order().below(len), with_scores));
    }
    let chosen = scanning::random_indices(ctx, len, count.unwrap_or(1));
    let order = ctx.sorted_set(key).order();
    let mut members = chosen.into_iter().filter_map(|rank| order.from(rank).next());
    Ok(match count {
        Some(_) => scores::reply(members, with_scores),
        None => members.next().map_or(Reply::Null, |(_, member)| Reply::Bulk(member.clone())),
    })
}
